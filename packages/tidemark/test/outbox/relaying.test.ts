import pg from "pg";
import { defineRelay, type EventStore } from "tidemark";
import { takeOver } from "../runtime/take-over.ts";
import { append, describe, eventually, expect, MemoryBroker, test } from "../relays/test.ts";

/** A value that the types refuse. */
function any<T>(value: unknown): T {
  const holder: object = { value };
  return Reflect.get(holder, "value");
}

const source = "outbox";
const numberOf = ({ body }: { readonly body: Uint8Array }): number => JSON.parse(Buffer.from(body).toString()).n;

async function publish(store: EventStore, keys: readonly string[], count = 1, from = 1): Promise<void> {
  await store.transaction(async (tx) => {
    for (let n = from; n < from + count; n++) for (const key of keys) await tx.publish({ topic: "mail", key, payload: { n } });
  });
}

describe("a relay of the outbox", () => {
  test("that dies between the acknowledgement and the checkpoint publishes again, under the same ids, and loses nothing", async ({
    store,
    sql,
    schema,
    start,
  }) => {
    await publish(store, ["a", "b", "c"], 4);
    const broker = new MemoryBroker();
    const held = Promise.withResolvers<void>();
    broker.acknowledges = () => (broker.stored.length <= 5 ? undefined : held.promise);
    const first = await start({ source, broker, batchSize: 6 });
    await eventually(() => expect(broker.stored.length).toBeGreaterThan(5));
    const other = new MemoryBroker();
    const { second } = await takeOver(sql, schema, async () => ({
      second: await start({ source, broker: other, batchSize: 6 }),
      worker: { look: () => store.relays.resume("out") },
    }));
    held.resolve();
    await second.worker.caughtUp();
    await first.worker.stop({ timeoutMs: 0 });
    const all = (await store.outbox.list()).map(({ id }) => id);
    expect(all).toHaveLength(12);
    expect(new Set([...broker.stored, ...other.stored].map(({ id }) => id))).toEqual(new Set(all));
    expect(await store.outbox.stats()).toEqual({ pending: 0, published: 12, failed: 0, parked: 0, oldestPendingAt: undefined });
  });

  test("holds while the broker is down, says how far it is behind, and goes on by itself", async ({ store, start }) => {
    await append(store, ["cart-1"], 5);
    const broker = new MemoryBroker();
    broker.down = true;
    const { worker } = await start({ source, broker });
    await publish(store, ["a", "b"], 2);
    await append(store, ["cart-1"], 5);
    await eventually(async () => expect(await store.relays.get("out")).toMatchObject({ state: "retrying", lag: { events: 4 } }));
    expect(await store.followers()).toMatchObject([{ kind: "relay", name: "out", lagEvents: 4, forked: 0 }]);
    const { pending, oldestPendingAt } = await store.outbox.stats();
    expect([pending, oldestPendingAt]).toEqual([4, expect.any(Date)]);
    broker.down = false;
    await worker.caughtUp();
    expect(broker.stored).toHaveLength(4);
    await eventually(async () => expect(await store.followers()).toMatchObject([{ lagEvents: 0, lagMs: 0, forked: 0, state: "live" }]));
    expect(await store.verify()).toMatchObject({ ok: true });
  });

  test("parks a message that is refused, with later ones of its key behind it, which follow in order after a retry", async ({ store, start }) => {
    await publish(store, ["a", "b"], 3);
    const broker = new MemoryBroker();
    broker.refuses = (message) => message.key === "a" && numberOf(message) === 1;
    const { worker } = await start({ source, broker });
    await worker.caughtUp();
    expect(broker.stored.map(({ key }) => key)).toEqual(["b", "b", "b"]);
    const states = (await store.outbox.list({ key: "a" })).map(({ state }) => state);
    expect(states).toEqual(["failed", "parked", "parked"]);
    expect(await store.outbox.list({ state: "failed" })).toMatchObject([{ key: "a", payload: { n: 1 } }]);
    const [letter] = await store.deadLetters.list({ kind: "relay" });
    if (!letter) throw new Error("there is no letter");
    expect(letter).toMatchObject({ consumer: "out", state: "failed", event: { type: "mail", streamId: "a", data: { n: 1 } }, decodeError: undefined });
    expect(await store.outbox.cleanUp({ keepMs: 0 })).toBeLessThan(6);
    broker.refuses = () => false;
    await store.deadLetters.retry(letter);
    await worker.caughtUp();
    await eventually(async () => expect(await store.deadLetters.list()).toEqual([]));
    expect(broker.stored.filter(({ key }) => key === "a").map(numberOf)).toEqual([1, 2, 3]);
    expect(await store.deadLetters.history()).toMatchObject(Array.from({ length: 3 }, () => ({ streamId: "a", type: "mail", outcome: "handled" })));
  });

  test("replays a part beside its work, and resets to a position or the end", async ({ store, start }) => {
    await publish(store, ["a", "b"], 3);
    const { broker, worker } = await start({ source });
    await worker.caughtUp();
    const positions = broker.positions().toSorted((a, b) => a - b);
    const [, second = 0, , fourth = 0] = positions;
    expect(await store.relays.replay("out", { from: second, until: fourth })).toMatchObject({ published: 3, position: fourth });
    const again = broker.stored.slice(6);
    expect(again.map(({ event }) => event.position).toSorted((a, b) => a - b)).toEqual(positions.slice(1, 4));
    expect(again.every(({ headers }) => headers["tidemark-replay"] === "true")).toBe(true);
    await store.relays.reset("out", { after: fourth });
    await worker.caughtUp();
    expect(
      broker.stored
        .slice(9)
        .map(({ event }) => event.position)
        .toSorted((a, b) => a - b),
    ).toEqual(positions.slice(4));
    await store.relays.pause("out");
    await publish(store, ["a"], 1, 9);
    await store.relays.reset("out", { after: "end" });
    await store.relays.resume("out");
    await publish(store, ["a"], 1, 10);
    await worker.caughtUp();
    expect(broker.stored.slice(11).map(numberOf)).toEqual([10]);
  });

  test("keeps its source: another one under its name is refused", async ({ store, start }) => {
    await start({ source });
    await expect(start()).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(/^definition\.source of relay "out" was "outbox"/),
    });
    expect((await store.relays.list()).length).toBe(1);
  });

  test("is defined with options that its source knows", () => {
    const to = new MemoryBroker();
    expect(() => defineRelay({ name: "x", to, source: any("outbx") })).toThrow(/definition\.source must be .*did you mean "outbox"/);
    expect(() => defineRelay({ name: "x", to, source, filter: { types: ["a"] } })).toThrow(/^definition\.filter goes with events; .* name topics/);
    expect(() => defineRelay({ name: "x", to, source, prefix: "a" })).toThrow(/^definition\.prefix goes with events/);
    expect(() => defineRelay({ name: "x", to, topics: ["a"] })).toThrow(/^definition\.topics goes with source: "outbox"/);
    expect(() => defineRelay({ name: "x", to, keepMs: 5_000 })).toThrow(/^definition\.keepMs goes with/);
    expect(() => defineRelay({ name: "x", to, source, topics: [] })).toThrow(/^definition\.topics is empty/);
  });
});

describe("old messages", () => {
  test("are removed once every relay has published them: not before, nor what a checkpoint stands at", async ({ store, start, sql, schema }) => {
    await publish(store, ["a"], 10);
    const age = async (): Promise<void> => void (await sql.query(`update ${pg.escapeIdentifier(schema)}.outbox set published_at = now() - interval '8 days'`));
    await age();
    expect(await store.outbox.cleanUp()).toBe(0);
    const slow = await start({ source, name: "slow" });
    await slow.worker.caughtUp();
    await slow.worker.stop();
    await publish(store, ["a"], 10, 11);
    await age();
    const fast = await start({ source, name: "fast", keepMs: 1_000_000_000 });
    await fast.worker.caughtUp();
    // The slow one stands at the tenth.
    await eventually(async () => {
      await store.outbox.cleanUp();
      expect((await store.outbox.list()).map(({ payload }) => payload)).toEqual(Array.from({ length: 11 }, (_, n) => ({ n: n + 10 })));
    });
    const again = await start({ source, name: "slow", broker: slow.broker });
    await again.worker.caughtUp();
    expect(slow.broker.stored.map(numberOf)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    await eventually(async () => {
      await store.outbox.cleanUp();
      expect((await store.outbox.list()).map(({ payload }) => payload)).toEqual([{ n: 20 }]);
    });
    await publish(store, ["a"], 1, 21);
    await Promise.all([again.worker.caughtUp(), fast.worker.caughtUp()]);
    expect(fast.broker.stored.map(numberOf)).toEqual(Array.from({ length: 12 }, (_, n) => n + 10));
    expect((await store.followers()).map(({ forked }) => forked)).toEqual([0, 0]);
  });

  test("of a tenant whose relay does not run yet stay", async ({ store, start }) => {
    await publish(store.forTenant("acme"), ["a"], 2);
    const { worker } = await start({ source });
    await publish(store, ["a"], 2);
    await worker.caughtUp();
    await worker.stop();
    expect(await store.forTenant("acme").outbox.cleanUp({ keepMs: 0 })).toBe(0);
    expect(await store.outbox.cleanUp({ keepMs: 0 })).toBe(1);
    expect(await store.forTenant("acme").outbox.list()).toHaveLength(2);
  });
});
