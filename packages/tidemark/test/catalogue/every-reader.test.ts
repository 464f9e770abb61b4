import * as tidemark from "tidemark";
import {
  aggregate,
  type ConsumerContext,
  defineConsumer,
  defineProjection,
  documentProjection,
  type Event,
  type EventStore,
  executeCommand,
  handleCommand,
  type ProjectionTransaction,
  type RecordedEvent,
  repository,
  type StoreTransaction,
} from "tidemark";
import { sampleCodec } from "./sample-codec.ts";
import { membersOf } from "../support/members.ts";
import { describe, expect, test as base } from "./test.ts";

/** Gives the events that a reader handed out. */
type Probe<From> = (from: From) => Promise<readonly Event[]>;
const none = "hands out no event";
type Readers<From> = Readonly<Record<string, Probe<From> | typeof none>>;

const at = new Date("2026-05-01");
const tags = ["cart:1"];
const newEvent = { type: "CartConfirmed", data: { at }, tags };

/** Whether it is what today's code reads: stored are a text for `at`, and an `item` that today is called `sku`. */
function isOfToday({ type, data }: Event): boolean {
  const held: Readonly<Record<string, unknown>> = Object(data);
  return (type === "CartConfirmed" && held["at"] instanceof Date) || (type === "ItemAdded" && typeof held["sku"] === "string");
}

/** Runs every reader that there is. Fails for one that is in the table no more, or not yet. */
async function checkReaders<From extends object>(from: From, readers: Readers<From>): Promise<void> {
  expect(Object.keys(readers).toSorted()).toEqual(membersOf(from));
  for (const [name, reader] of Object.entries(readers)) {
    if (reader === none) continue;
    const events = await reader(from);
    expect([name, events.length > 0, events.filter((event) => !isOfToday(event))]).toEqual([name, true, []]);
  }
}

async function collected(events: AsyncIterable<RecordedEvent>, most = Infinity): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  for await (const event of events) if (all.push(event) >= most) break;
  return all;
}

/** What `evolve` is given. */
function folded(): { readonly seen: Event[]; readonly fold: { initialState: () => number; evolve: (count: number, event: Event) => number } } {
  const seen: Event[] = [];
  return { seen, fold: { initialState: () => 0, evolve: (count, event) => count + (seen.push(event) && 1) } };
}

type Reader = StoreTransaction;
const readers: Readers<Reader> = {
  readStream: (from) => from.readStream("cart-1").toArray(),
  readAll: (from) => from.readAll().toArray(),
  readBoundary: async (from) => (await from.readBoundary([{ tags }])).events,
  async aggregateStream(from) {
    const { seen, fold } = folded();
    await from.aggregateStream("cart-1", fold);
    return seen;
  },
  async eventById(from) {
    const stored = await from.readStream("cart-1", { raw: true }).toArray();
    return (await Promise.all(stored.map(({ id }) => from.eventById(id)))).filter((event) => event !== undefined);
  },
  async readCausation(from) {
    const stored = await from.readStream("cart-1", { raw: true }).toArray();
    const trees = await Promise.all(stored.map(({ id }) => from.readCausation(id)));
    const inner = ({ event, effects }: tidemark.CausedEvent): readonly Event[] => [event, ...effects.flatMap(inner)];
    return trees.flatMap((tree) => [...tree.causes, ...inner(tree)]);
  },
  readCorrelation: (from) => from.readCorrelation("basket").toArray(),
  streamInfo: none,
  streams: none,
  documents: none,
  // Fires as an append does, under `schedule` in test/timers.
  schedule: none,
  timers: none,
};
const appends: Readers<Reader> = {
  async appendToStream(from) {
    const told: RecordedEvent[] = [];
    await from.appendToStream("cart-2", [newEvent], { onRecorded: (events) => void told.push(...events) });
    return told;
  },
  async appendToStreams(from) {
    const told: RecordedEvent[] = [];
    await from.appendToStreams([{ streamId: "cart-2", events: [newEvent] }], { onRecorded: (events) => void told.push(...events) });
    return told;
  },
  async append(from) {
    const told: RecordedEvent[] = [];
    await from.append([newEvent], { streamId: "cart-2", onRecorded: (events) => void told.push(...events) });
    return told;
  },
};
const transaction: Readers<Reader> = { ...readers, ...appends, publish: none, query: none, client: none };

const store: Readers<EventStore> = {
  ...readers,
  ...appends,
  subscribe: (from) => collected(from.subscribe(), 3),
  forTenant: (from) => from.forTenant("").readStream("cart-1").toArray(),
  withMetadata: (from) => from.withMetadata({ actorId: "ada" }).readStream("cart-1").toArray(),
  // Each has a table of its own.
  transaction: none,
  withTransaction: none,
  // Its transaction is one of the store's.
  receive: none,
  createWorker: none,
  consumers: none,
  deadLetters: none,
  outbox: none,
  audit: none,
  processes: none,
  relays: none,
  projections: none,
  snapshots: none,
  indexes: none,
  pool: none,
  wake: none,
  highWaterMark: none,
  skippedTypes: none,
  personalPaths: none,
  checkEvents: none,
  metrics: none,
  health: none,
  connectionBudget: none,
  doctor: none,
  stats: none,
  followers: none,
  verify: none,
  blockers: none,
  waitFor: none,
  query: none,
  close: none,
};

/** `open`: a store of today's code, over what yesterday's wrote. */
const test = base.extend("open", ({ store: old, openWith }) => async (options: tidemark.StoreOptions = {}): Promise<EventStore> => {
  const filled = "00000000-0000-7000-8000-000000000001";
  await old.indexes.create("causation");
  await old.appendToStream("cart-1", [
    { type: "BasketFilled", data: { skus: ["jam", "rye"] }, tags, id: filled, metadata: { correlationId: "basket" } },
    { type: "CartConfirmed", data: { at: at.toISOString() }, tags, metadata: { correlationId: "basket", causationId: filled } },
    { type: "ItemAdded", data: { item: "tea" }, tags },
  ]);
  return await openWith(sampleCodec("today"), options);
});

/** Members that the store has for itself. */
function without<From>(table: Readers<From>, from: object): Readers<From> {
  const internal = new Set(["inlineTransaction", "transactions"]);
  const more = membersOf(from).filter((name) => internal.has(name));
  return { ...table, ...Object.fromEntries(more.map((name) => [name, none])) };
}

describe("every reader of events gives today's", () => {
  test("of a store", async ({ open }) => {
    const today = await open();
    await checkReaders(today, without(store, today));
  });

  test("of its transactions, and of those that it joins", async ({ open, sql }) => {
    const today = await open();
    await today.transaction((tx) => checkReaders(tx, transaction));
    const client = await sql.connect();
    await client.query("begin");
    await checkReaders(today.withTransaction(client), transaction);
    await client.query("rollback");
    client.release();
  });

  test("of sequences and subscriptions", async ({ open }) => {
    const today = await open();
    await checkReaders(today.readAll(), {
      asyncIterator: (from) => collected(from),
      toArray: (from) => from.toArray(),
      async batches(from) {
        const all: RecordedEvent[] = [];
        for await (const batch of from.batches(2)) all.push(...batch);
        return all;
      },
    });
    await checkReaders(today.subscribe(), {
      asyncIterator: (from) => collected(from, 3),
      async batches(from) {
        for await (const batch of from.batches(1)) return batch;
        return [];
      },
    });
  });

  test("of snapshots, projections and consumers", async ({ open }) => {
    const today = await open();
    const { seen, fold } = folded();
    await checkReaders(today.snapshots, {
      async take(from) {
        await from.take({ ...fold, decide: () => [], name: "counter", snapshot: {} }, "cart-1");
        return seen;
      },
      list: none,
      delete: none,
      stats: none,
      settled: none,
    });
    await checkReaders(today.consumers, { list: none, get: none, pause: none, resume: none, reset: none, delete: none, rename: none });
  });

  test("of projections that are built anew, and of single documents", async ({ open }) => {
    const seen: RecordedEvent[] = [];
    const carts = (version: number): tidemark.Projection =>
      documentProjection({
        name: "carts",
        version,
        mode: "async",
        collection: "carts",
        handles: ["ItemAdded", "CartConfirmed"],
        documentId: (event) => event.streamId,
        evolve(document: { readonly events: number } | undefined, event) {
          seen.push(event);
          return { events: (document?.events ?? 0) + 1 };
        },
      });
    const today = await open({ projections: [carts(1), carts(2)] });
    {
      await using worker = today.createWorker({ projections: [carts(1)] });
      await worker.start();
      await worker.caughtUp();
    }
    const folded = async (work: () => Promise<unknown>): Promise<RecordedEvent[]> => {
      seen.splice(0);
      await work();
      expect(await today.documents("carts").get("cart-1")).toMatchObject({ events: 4 });
      return seen;
    };
    await checkReaders(today.projections, {
      rebuild: (from) => folded(() => from.rebuild("carts")),
      rebuildDocument: (from) => folded(() => from.rebuildDocument("carts", "cart-1")),
      check: (from) => folded(() => from.check("carts")),
      ...({ list: none, get: none, pause: none, resume: none, deactivate: none, swap: none, rollBack: none, drop: none } as const),
    });
  });

  test("of a consumer's handlers, their contexts and its dead letters", async ({ open }) => {
    const today = await open();
    const [seen, batches]: RecordedEvent[][] = [[], []];
    let checked: Promise<void> | undefined;
    const properties = { attempt: none, shard: none, fence: none, signal: none } as const;
    const worker = today.createWorker({
      leaseMs: 2_000,
      onError: () => {},
      consumers: [
        defineConsumer({
          name: "one",
          async handle(event, context: ConsumerContext) {
            seen?.push(event);
            checked ??= checkReaders(context, { ...transaction, ...properties });
            await checked.catch(() => {});
          },
        }),
        defineConsumer({ name: "many", handleBatch: (events) => void batches?.push(...events) }),
        defineConsumer({
          name: "broken",
          retry: { attempts: 1 },
          handle: () => {
            throw new Error("it cannot be handled");
          },
        }),
      ],
    });
    await checkReaders(worker, { start: none, stop: none, caughtUp: none, counts: none, metrics: none, run: none, look: none });
    await worker.start();
    await worker.caughtUp();
    await worker.stop();
    await checked;
    for (const events of [seen, batches]) expect(events?.filter(isOfToday)).toHaveLength(events?.length ?? 0);
    expect([(seen?.length ?? 0) >= 4, (batches?.length ?? 0) >= 4]).toEqual([true, true]);
    await checkReaders(today.deadLetters, {
      list: async (from) => (await from.list()).map(({ event }) => event),
      get: async (from) => {
        const [first] = await from.list({ limit: 1 });
        return first ? [(await from.get(first)).event] : [];
      },
      retry: none,
      discard: none,
      history: none,
    });
  });

  test("of projections, inline and async, and their transactions", async ({ open }) => {
    // On a busy machine a lease can run out, and a transaction is tried again: of each event the last time counts, and of each check.
    const seen = { inline: new Map<string, RecordedEvent>(), async: new Map<string, RecordedEvent>(), documents: new Map<string, RecordedEvent>() };
    const note = (name: keyof typeof seen, event: RecordedEvent): void => void seen[name].set(`${event.position}/${event.part ?? ""}`, event);
    const checks = new Map<string, PromiseSettledResult<void>>();
    const refused = { appendToStream: none, appendToStreams: none, append: none } as const;
    const handled = (mode: "inline" | "async"): tidemark.Projection =>
      defineProjection({
        name: mode,
        mode,
        handles: ["ItemAdded", "CartConfirmed"],
        async handleBatch(events, tx: ProjectionTransaction) {
          for (const event of events) note(mode, event);
          if (checks.get(mode)?.status === "fulfilled") return;
          const [check] = await Promise.allSettled([checkReaders(tx, { ...transaction, ...refused, replaying: none })]);
          checks.set(mode, check);
        },
      });
    const documents = documentProjection({
      name: "documents",
      mode: "inline",
      collection: "carts",
      handles: ["ItemAdded", "CartConfirmed"],
      documentId: (event) => event.streamId,
      evolve(document, event) {
        note("documents", event);
        return { events: 1 };
      },
    });
    const today = await open({ projections: [handled("inline"), handled("async"), documents] });
    const worker = today.createWorker();
    await worker.start();
    await worker.caughtUp();
    await today.appendToStream("cart-1", [newEvent]);
    await worker.caughtUp();
    await worker.stop();
    expect(Object.fromEntries(checks)).toEqual({ inline: { status: "fulfilled" }, async: { status: "fulfilled" } });
    for (const [name, events] of Object.entries(seen)) {
      expect([name, events.size, [...events.values()].filter((event) => !isOfToday(event))]).toEqual([name, 5, []]);
    }
  });

  test("of what the package exports", async ({ open }) => {
    const today = await open();
    const { seen, fold } = folded();
    const decide = (): (typeof newEvent)[] => [newEvent];
    class Cart extends aggregate<number, Event>({ category: "cart", initialState: () => 0, evolve: { ItemAdded: fold.evolve, CartConfirmed: fold.evolve } }) {}
    const functions = Object.fromEntries(Object.entries(tidemark).filter(([, value]) => typeof value === "function" && !/^class\b/.test(String(value))));
    await checkReaders(functions, {
      handleCommand: async () => (await handleCommand(today, { ...fold, decide }, "cart-1", undefined)).events,
      executeCommand: async () => [
        ...(await executeCommand(today, { ...fold, reads: ["cart-1"], decide: () => [{ streamId: "cart-1", events: [newEvent] }] }, undefined)).events,
        ...(await executeCommand(today, { ...fold, query: [{ tags }], streamId: "cart-1", decide }, undefined)).events,
        ...seen,
      ],
      async repository() {
        seen.splice(0);
        await repository(today, Cart).load("1");
        return seen;
      },
      ...Object.fromEntries(
        ["aggregate", "become", "causedBy", "decider", "defineConsumer", "defineEvents", "defineProjection", "documentProjection", "event"].map((name) => [
          name,
          none,
        ]),
      ),
      // What a process takes in is read as its catalogue says: test/processes/inputs.test.ts.
      ...Object.fromEntries(["append", "cancelTimer", "command", "complete", "defineProcess", "timer"].map((name) => [name, none])),
      // What a relay publishes of an event: test/relays/publishing.test.ts.
      ...Object.fromEntries(["cloudEvents", "debeziumOutbox", "defineRelay"].map((name) => [name, none])),
      ...Object.fromEntries(["fromDrizzle", "fromKnex", "fromKysely", "fromPostgresJs", "fromPrisma", "fromTypeORM"].map((name) => [name, none])),
      ...Object.fromEntries(
        ["defineConfig", "isTidemarkError", "migrationSql", "openEventStore", "retired", "rolesSql", "withMetadata"].map((name) => [name, none]),
      ),
    });
  });
});
