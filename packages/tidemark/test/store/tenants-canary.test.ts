import { describe, expect, test } from "../support/test.ts";
import { type EventStore, type NewEvent, type StoreTransaction } from "../../src/index.ts";
import { recordLogs } from "./test.ts";

const canary = "canary-7f3a";
const canaryId = "ca0a71ca-0a71-4a71-8a71-ca0a71ca0a71";
const calls = 10_000;
const callers = 40;

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Random = <T>(...of: readonly [T, ...T[]]) => T;

/** Names that both tenants use, so that anything that forgets the tenant meets the other's. */
const shared = ["cart-1", "cart-2", "cart-3", "order-1", "order-2"] as const;

function secretEvents(n: number): NewEvent[] {
  const text = `${canary}-${n}`;
  return [{ type: `Type-${canary}`, data: { text }, metadata: { actorId: text }, tags: [`tag:${canary}`, "cart:1"], ...(n === 0 && { id: canaryId }) }];
}

/** The other tenant's: everything in it is B's own. */
async function fillFirst(a: EventStore): Promise<void> {
  await a.audit.record({ id: canaryId, action: "pause", subject: `consumer ${canary}`, parameters: { canary }, actor: canary, reason: canary });
  for (let n = 0; n < 40; n++) await a.appendToStream(n % 2 === 0 ? (shared[n % shared.length] ?? "cart-1") : `${canary}-stream-${n}`, secretEvents(n));
}

/** Every call of the API with arguments that reach for what is there, legal or not. */
function callsOf(b: EventStore, any: Random): readonly [() => unknown, ...(() => unknown)[]] {
  const stream = (): string => any<string>(...shared, "nothing-1");
  const event = (): NewEvent => ({
    type: any("ItemAdded", "Paid"),
    data: { n: any(1, 2) },
    tags: [any("cart:1", "b:1")],
    ...(any(true, false) && { id: any(canaryId, "b0000000-0000-4000-8000-000000000001", crypto.randomUUID()) }),
  });
  const expected = (): "any" | "no-stream" | "stream-exists" | number =>
    any<"any" | "no-stream" | "stream-exists" | number>("any", "no-stream", "stream-exists", 1, 3);
  const direction = (): "forward" | "backward" => any("forward", "backward");
  const fold = { initialState: (): unknown[] => [], evolve: (state: unknown[], next: unknown): unknown[] => [...state, next] };
  const within = (tx: StoreTransaction): Promise<unknown> =>
    any<() => Promise<unknown>>(
      () => tx.appendToStream(stream(), [event()], { expectedVersion: expected() }),
      () => tx.readAll({ limit: 20 }).toArray(),
      () => tx.readStream(stream()).toArray(),
      () => tx.streamInfo(stream()),
      () => tx.schedule(stream(), event(), { key: any("a", "b"), in: any(0, 60_000) }),
      () => tx.timers.list(),
      () => tx.publish({ topic: "mail", key: stream(), payload: { n: any(1, 2) } }),
    )();
  return [
    () => b.appendToStream(stream(), [event()], { expectedVersion: expected() }),
    () => b.appendToStream(stream(), [event()], { expectedVersion: { unchangedSince: any(0, 5, 50) } }),
    () => b.appendToStream(stream(), [Reflect.get({ wrong: { type: "", data: Number.NaN } }, "wrong")]),
    () =>
      b.appendToStreams([
        { streamId: "cart-1", events: [event()] },
        { streamId: "order-2", events: [], expectedVersion: expected() },
      ]),
    () => b.append([event()], any({}, { streamId: stream() })),
    () => b.readStream(stream(), { direction: direction(), fromVersion: any(0, 1, 3), limit: 10 }).toArray(),
    () => b.readStream(stream(), { asOf: new Date() }).toArray(),
    () => b.readAll({ direction: direction(), after: any(0, 10, 40), limit: 20 }).toArray(),
    () =>
      b
        .readAll({
          filter: any<object>({ types: ["ItemAdded", "Paid"] }, { tags: ["cart:1"] }, { streamIds: [stream()] }, { categories: ["cart"] }, { data: { n: 1 } }),
          limit: 20,
        })
        .toArray(),
    async () => {
      const read: unknown[] = [];
      for await (const batch of b.readAll({ limit: 30 }).batches(7)) read.push(...batch);
      return read;
    },
    () => b.aggregateStream(stream(), fold),
    () => b.streamInfo(stream()),
    async () => {
      const listed: unknown[] = [];
      for await (const info of b.streams(any<object>({}, { category: "cart" }, { prefix: any("c", "o", "") }, { after: stream() }))) listed.push(info);
      return listed;
    },
    () => b.eventById(any(canaryId, "b0000000-0000-4000-8000-000000000001")),
    () => b.schedule(stream(), event(), { key: any("a", "b"), at: new Date(any(0, 4_000_000_000_000)) }),
    () => b.timers.list(any<object>({}, { dueBefore: new Date() })),
    () => b.timers.cancel(any("a", "b")),
    () => b.transaction(within),
    () => b.outbox.list({ limit: 20 }),
    () => b.outbox.stats(),
    () => b.audit.list({ limit: 20 }),
    () => b.audit.record({ id: any(canaryId, "b0000000-0000-4000-8000-000000000002"), action: "pause", subject: "consumer mailer" }),
    () => b.audit.settle(any(canaryId, "b0000000-0000-4000-8000-000000000003")),
    () => b.receive(any("m-1", "m-2"), within),
    () => b.highWaterMark(),
    () => b.blockers(),
    () => b.forTenant("b").readAll({ limit: 5 }).toArray(),
    () => b.readAll({ after: any(-1, 0.5) }).toArray(),
    () => b.eventById(any("", "not-a-uuid")),
  ];
}

/** All that an answer or an error holds, its causes and messages too. */
function textOf(value: unknown): string {
  const seen = new Set<object>();
  return (
    JSON.stringify(value, (_key, held: unknown) => {
      if (typeof held === "bigint") return `${held}`;
      if (typeof held !== "object" || held === null) return held;
      if (seen.has(held)) return "seen";
      seen.add(held);
      return held instanceof Error ? Object.fromEntries(Object.getOwnPropertyNames(held).map((name) => [name, Reflect.get(held, name)])) : held;
    }) ?? "undefined"
  );
}

/** An id alone tells nothing: B may take the id that A has, as its own. */
const tells = (text: string): boolean => text.includes(canary);

describe("a tenant's store", () => {
  test(`tells nothing of another tenant's in ${calls} random calls`, async ({ openStore }) => {
    const seed = Number(process.env["TIDEMARK_SEED"] ?? Date.now() % 2_147_483_648);
    console.log(`Seed ${seed}: repeat with TIDEMARK_SEED=${seed}.`);
    const random = randomOf(seed);
    const any: Random = (...of) => of[Math.floor(random() * of.length)] ?? of[0];
    const { logger, lines } = recordLogs();
    const store = await openStore({ logger });
    await fillFirst(store.forTenant("a"));
    const b = store.forTenant("b");
    const outcomes = { answered: 0, failed: new Map<string, number>() };
    const leaks: string[] = [];
    let left = calls;
    const caller = async (): Promise<void> => {
      while (left-- > 0) {
        const call = any(...callsOf(b, any));
        let said: unknown;
        try {
          said = await call();
          outcomes.answered++;
        } catch (error) {
          said = error;
          const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
          outcomes.failed.set(code, (outcomes.failed.get(code) ?? 0) + 1);
        }
        const text = textOf(said);
        if (tells(text)) leaks.push(`${String(call)} → ${text.slice(0, 500)}`);
      }
    };
    const began = performance.now();
    await Promise.all(Array.from({ length: callers }, caller));
    console.log(
      `${calls} calls in ${Math.round(performance.now() - began)} ms: ${outcomes.answered} answered, ${[...outcomes.failed].map(([code, count]) => `${count} ${code}`).join(", ")}.`,
    );
    expect(leaks).toEqual([]);
    expect(lines.filter(tells)).toEqual([]);
    // The calls met what they were made for.
    expect([...outcomes.failed.keys()].sort()).toEqual(["DUPLICATE_EVENT", "INVALID_ARGUMENT", "NOT_FOUND", "VERSION_CONFLICT"]);
    expect(outcomes.answered).toBeGreaterThan(calls / 2);
    // A's id is free for B: had B not been able to take it, that would have told that A has it.
    expect(await b.eventById(canaryId)).toMatchObject({ tenant: "b" });

    // The check can fail: with tenants "all" each of the places where A keeps it comes out.
    const everything = await b.readAll({ tenants: "all", filter: { types: [`Type-${canary}`] } }).toArray();
    expect(everything).toHaveLength(40);
    for (const place of ["type", "data", "metadata", "tags", "streamId"] as const)
      expect(
        everything.some((event) => tells(textOf(event[place]))),
        place,
      ).toBe(true);
  });
});
