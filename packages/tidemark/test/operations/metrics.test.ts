import { defineConsumer, defineProcess, documentProjection, type Event, openEventStore, type StoreMetrics } from "tidemark";
import { itemAdded } from "../support/cart.ts";
import { openTransaction } from "../support/open-transaction.ts";
import { describe, eventually, expect, test } from "../support/test.ts";

const carts = documentProjection<{ readonly items: number }>({
  name: "carts",
  version: 3,
  mode: "inline",
  collection: "carts",
  documentId: ({ streamId }) => streamId,
  evolve: { ItemAdded: (document) => ({ items: (document?.items ?? 0) + 1 }) },
});

/** Every number in it, by its path. */
function numbersIn(value: unknown, path = ""): [string, number][] {
  if (typeof value === "number") return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, `${path}.${key}`));
}

describe("store.metrics", () => {
  test.for(["server", "PGlite"] as const)("tells what a store did on a %s, in plain JSON, and after its end too", async (kind, { databaseUrl, schema }) => {
    const store = await (kind === "server" ? openEventStore(databaseUrl, { schema }) : openEventStore({ schema }));
    let closed: StoreMetrics;
    try {
      expect(store.metrics()).toMatchObject({
        appends: { calls: 0, events: 0, batches: { sent: 0, meanCalls: 0 }, queued: 0, duration: { count: 0, meanMs: null } },
        reads: { pages: 0, events: 0 },
        listener: { state: "off", followers: 0 },
        mark: { position: 0, readAgoMs: null, movedAgoMs: null, heldBy: null },
        consumers: [],
        skipped: { types: 0, times: 0 },
      });
      await store.appendToStream("cart-1", [itemAdded(), itemAdded()]);
      await Promise.all(["a", "b", "c"].map((id) => store.appendToStream(`cart-${id}`, [itemAdded()])));
      await expect(store.appendToStream("cart-1", [itemAdded()], { expectedVersion: 7 })).rejects.toMatchObject({ code: "VERSION_CONFLICT" });
      const id = "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78";
      for (const _ of [1, 2]) await store.forTenant("acme").appendToStream("cart-1", [{ ...itemAdded(), id }]);
      await expect(store.forTenant("acme").appendToStream("cart-2", [{ ...itemAdded(), id }])).rejects.toMatchObject({ code: "DUPLICATE_EVENT" });
      await store.transaction(async (tx) => {
        await tx.appendToStream("cart-1", [itemAdded(), itemAdded(), itemAdded()]);
        await tx.appendToStream("cart-1", [itemAdded()], { expectedVersion: 1 }).catch(() => {});
      });
      await store.readAll().toArray();
      await store.readStream("cart-1").toArray();
      await store.streamInfo("cart-1");
      await store.readStream("none").toArray();
      expect(store.metrics()).toMatchObject({
        appends: {
          calls: 8,
          events: 6,
          eventsPerSecond: expect.closeTo(6 / Math.max(1, store.metrics().openForMs / 1_000), 0),
          conflicts: 1,
          failed: 1,
          unknownOutcomes: 0,
          repeated: 1,
          retries: 0,
          queued: 0,
          blocked: 0,
          inFlight: 0,
          inTransactions: { calls: 2, events: 3, conflicts: 1 },
          batches: { mostCalls: expect.any(Number) },
          duration: { count: 8 },
        },
        reads: { events: 8 + 5 },
        followed: { events: 0 },
        mark: { position: 9 },
      });
    } finally {
      await store.close();
      closed = store.metrics();
    }
    expect(closed.appends.calls).toBe(8);
    expect(closed.pool).toMatchObject({ inUse: 0, waiting: 0, timeouts: 0, max: kind === "server" ? 10 : 1 });
    expect(closed.pool.peak).toBeGreaterThanOrEqual(1);
    expect(closed.pool.acquisition).toMatchObject({ meanMs: expect.any(Number), p99Ms: expect.any(Number) });
    expect(JSON.parse(JSON.stringify(closed))).toEqual(closed);
    for (const [path, number] of numbersIn(closed)) expect([path, Number.isFinite(number) && number >= 0]).toEqual([path, true]);
  });

  test("tells how full the pool is, and who waits", async ({ openStore }) => {
    const store = await openStore({ pool: { max: 2, connectionTimeoutMs: 1_500 } });
    const gate = Promise.withResolvers<void>();
    const held = [1, 2].map(() => store.transaction(() => gate.promise));
    try {
      await eventually(() => expect(store.metrics().pool).toMatchObject({ inUse: 2, idle: 0, size: 2, peak: 2, waiting: 0 }));
      const late = store.query("select 1");
      late.catch(() => {});
      await eventually(() => expect(store.metrics().pool.waiting).toBe(1));
      await expect(late).rejects.toMatchObject({ code: "POOL_TIMEOUT" });
      await eventually(() => expect(store.metrics().pool).toMatchObject({ timeouts: 1, waiting: 0 }));
      expect(store.metrics().pool.utilization).toBeGreaterThan(0);
    } finally {
      gate.resolve();
      await Promise.all(held);
    }
    expect(store.metrics().pool).toMatchObject({ inUse: 0, idle: 2, size: 2, peak: 2, timeouts: 1 });
  });

  test("counts what waits behind streams that another transaction holds", async ({ openStore }) => {
    const store = await openStore();
    const streams = ["cart-1", "cart-2", "cart-3"].map((streamId) => ({ streamId, events: [itemAdded()] }));
    await store.appendToStreams(streams);
    await using held = await openTransaction(store, (tx) => tx.appendToStreams(streams));
    const blocked = streams.map(({ streamId, events }) => store.appendToStream(streamId, events));
    try {
      await eventually(() => expect(store.metrics().appends.mostQueued).toBe(3));
      // Two wait in the database, on a connection each; the third waits for one of them.
      await eventually(() => expect(store.metrics().appends).toMatchObject({ inFlight: 2, blocked: 1, queued: 1 }));
      // Nobody has asked who holds the mark back; then somebody has.
      expect(store.metrics().mark.heldBy).toBeNull();
      await store.blockers();
      expect(store.metrics().mark.heldBy).toMatchObject([{ events: expect.any(Number) }]);
    } finally {
      await held.commit();
      await Promise.all(blocked);
    }
  });

  test("tells of each consumer, projection and process how far it is, and what fails", async ({ openStore }) => {
    const store = await openStore({ projections: [carts] });
    const gate = Promise.withResolvers<void>();
    const slow = defineConsumer({
      name: "slow",
      shards: 2,
      handle: () => gate.promise,
    });
    const failing = defineConsumer({
      name: "failing",
      retry: { attempts: 2, minDelayMs: 1, maxDelayMs: 1 },
      handle({ version }) {
        if (version === 2) throw new Error("no second item");
      },
    });
    const checkout = defineProcess<{ readonly n: number }, Event>({
      name: "checkout",
      handles: ["ItemAdded"],
      instanceId: ({ streamId }) => streamId,
      initialState: () => ({ n: 0 }),
      evolve: ({ n }) => ({ n: n + 1 }),
      react: () => [],
    });
    await using worker = store.createWorker({ consumers: [slow, failing], projections: [], processes: [checkout], onError: () => {} });
    await worker.start();
    try {
      await store.appendToStream("cart-1", [itemAdded(), itemAdded(), itemAdded()]);
      await eventually(() => {
        const { consumers, processes, projections, mark, listener, followed } = store.metrics();
        expect(mark).toMatchObject({ position: 3, readAgoMs: expect.any(Number) });
        expect(listener).toMatchObject({ state: "listening", losses: 0 });
        expect(followed.events).toBeGreaterThan(0);
        const named = Object.fromEntries(consumers.map((consumer) => [consumer.name, consumer]));
        expect(named["slow"]).toMatchObject({ version: null, tenant: "", position: 0, lag: { events: 3 }, drainMs: null, handled: 0 });
        expect(named["slow"]?.lag.ms).toBeGreaterThan(0);
        expect(named["slow"]?.shards.map(({ shard }) => shard)).toEqual([0, 1]);
        expect(named["failing"]).toMatchObject({ position: 3, lag: { events: 0, ms: 0 }, drainMs: 0, handled: 1, retried: 1, parked: 2 });
        expect(processes).toMatchObject([{ name: "checkout", version: 1, position: 3, lag: { events: 0 }, handled: 3 }]);
        // Appends write it, and nothing of it is behind.
        expect(projections).toMatchObject([{ name: "carts", version: 3, lag: { events: 0, ms: 0 }, shards: [{ state: "live" }] }]);
      });
    } finally {
      gate.resolve();
    }
    await worker.caughtUp();
    const [first] = store.metrics().consumers;
    expect(first).toMatchObject({ name: "slow", position: 3, lag: { events: 0, ms: 0 }, drainMs: 0, handled: 3 });
    expect(first?.eventsPerSecond).toBeGreaterThan(0);
    // All of its events are in one stream, and each but the first was timed.
    expect(first?.handling).toMatchObject({ count: 2, meanMs: expect.any(Number) });
    await worker.stop();
    expect(store.metrics()).toMatchObject({ consumers: [], processes: [], listener: { state: "off", followers: 0 } });
  });

  test("tells why a shard stopped", async ({ openStore }) => {
    const store = await openStore();
    const stopping = defineConsumer({
      name: "stopping",
      onFailure: "stop",
      retry: { attempts: 1 },
      handle() {
        throw new Error("not today");
      },
    });
    await using worker = store.createWorker({ consumers: [stopping], onError: () => {} });
    await worker.start();
    await store.appendToStream("cart-1", [itemAdded()]);
    await eventually(() =>
      expect(store.metrics().consumers).toMatchObject([
        { shards: [{ state: "failed", position: 0, lastError: { message: "not today" } }], lag: { events: 1 } },
      ]),
    );
  });
});
