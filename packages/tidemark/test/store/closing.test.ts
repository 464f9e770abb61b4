import { defineConsumer, defineEvents, event, openEventStore, type EventStore } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { runProgram } from "./child.ts";
import { describe, eventually, expect, failure, recordLogs, test, times } from "./test.ts";

const id = "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78";

/** Every method that a closed store must refuse. */
const refused: Readonly<Record<string, (store: EventStore) => unknown>> = {
  appendToStream: (store) => store.appendToStream("cart-1", [itemAdded()]),
  appendToStreams: (store) => store.appendToStreams([{ streamId: "cart-1", events: [] }]),
  append: (store) => store.append([{ ...itemAdded(), tags: ["cart:1"] }]),
  readStream: (store) => store.readStream("cart-1").toArray(),
  readAll: (store) => store.readAll().toArray(),
  aggregateStream: (store) => store.aggregateStream("cart-1", { initialState: () => 0, evolve: (count) => count + 1 }),
  streamInfo: (store) => store.streamInfo("cart-1"),
  streams: async (store) => {
    for await (const _ of store.streams()) break;
  },
  eventById: (store) => store.eventById(id),
  readCausation: (store) => store.readCausation(id),
  readCorrelation: (store) => store.readCorrelation("request-7").toArray(),
  indexes: (store) => store.indexes.list(),
  transaction: (store) => store.transaction(async () => {}),
  withTransaction: (store) => store.withTransaction({ query: async () => ({ rows: [] }) }),
  audit: (store) => store.audit.list(),
  outbox: (store) => store.outbox.list(),
  receive: (store) => store.receive("m-1", async () => {}),
  subscribe: (store) => store.subscribe()[Symbol.asyncIterator]().next(),
  highWaterMark: (store) => store.highWaterMark(),
  blockers: (store) => store.blockers(),
  checkEvents: (store) => store.checkEvents({ events: defineEvents({ ItemAdded: event() }) }),
  connectionBudget: (store) => store.connectionBudget(),
  doctor: (store) => store.doctor(),
  stats: (store) => store.stats(),
  followers: (store) => store.followers(),
  verify: (store) => store.verify(),
  createWorker: (store) => store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle() {} })] }).start(),
  consumers: (store) => store.consumers.list(),
  deadLetters: (store) => store.deadLetters.list(),
  processes: (store) => store.processes.list(),
  relays: (store) => store.relays.list(),
  waitFor: (store) => store.waitFor("mailer", 1),
  snapshots: (store) => store.snapshots.list(),
  readBoundary: (store) => store.readBoundary([{ tags: ["a"] }]),
  documents: (store) => store.documents("carts").get("cart-1"),
  projections: (store) => store.projections.list(),
  query: (store) => store.query("select 1"),
  schedule: (store) => store.schedule("cart-1", itemAdded(), { key: "a", in: 1 }),
  timers: (store) => store.timers.list(),
};
/** What a closed store still does. */
const allowed = [
  "constructor",
  "inlineTransaction",
  "transactions",
  "forTenant",
  "withMetadata",
  "wake",
  "metrics",
  "health",
  "skippedTypes",
  "personalPaths",
  "close",
  "pool",
];

function methodsOf(store: object): string[] {
  const names = new Set<string>();
  for (
    let object: unknown = Object.getPrototypeOf(store);
    typeof object === "object" && object !== null && object !== Object.prototype;
    object = Object.getPrototypeOf(object)
  ) {
    for (const name of Object.getOwnPropertyNames(object)) names.add(name);
  }
  return [...names];
}

describe("a closed store", () => {
  test("refuses every call, a tenant's too, and may be closed again", async ({ openStore }) => {
    const store = await openStore();
    expect(
      methodsOf(store)
        .filter((name) => !allowed.includes(name))
        .sort(),
    ).toEqual(Object.keys(refused).sort());
    const tenant = store.forTenant("acme");
    await Promise.all([store.close(), store.close()]);
    await store.close();
    for (const [name, call] of Object.entries(refused)) {
      expect(await failure(() => call(store)), name).toMatchObject({ code: "STORE_CLOSED" });
      expect(await failure(() => call(tenant)), `${name} of a tenant`).toMatchObject({ code: "STORE_CLOSED" });
    }
  });

  test("on an embedded database refuses every call too", async () => {
    const store = await openEventStore();
    await store.close();
    for (const [name, call] of Object.entries(refused)) expect(await failure(() => call(store)), name).toMatchObject({ code: "STORE_CLOSED" });
  });

  test("has answered all appends that were under way", async ({ openStore, schema, databaseUrl }) => {
    const store = await openStore();
    const appends = times(100, (n) => store.appendToStream(`cart-${n % 10}`, [itemAdded()]));
    const closing = store.close();
    expect(await failure(() => store.appendToStream("cart-1", [itemAdded()]))).toMatchObject({ code: "STORE_CLOSED" });
    const settled = await Promise.allSettled(appends);
    await closing;
    expect(settled.filter(({ status }) => status === "rejected")).toEqual([]);
    await using again = await openEventStore(databaseUrl, { schema });
    expect(await again.readAll().toArray()).toHaveLength(100);
  });

  test("has waited for a transaction under way", async ({ openStore, schema, databaseUrl }) => {
    const store = await openStore();
    const inside = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const transaction = store.transaction(async (tx) => {
      inside.resolve();
      await goOn.promise;
      return (await tx.appendToStream("cart-1", [itemAdded()])).version;
    });
    await inside.promise;
    let closed = false;
    const closing = store.close().then(() => (closed = true));
    const late = await Promise.allSettled([store.highWaterMark(), store.transaction(async () => {}), store.query("select 1")]);
    const closedBefore = closed;
    goOn.resolve();
    expect(late.map((settled) => settled.status === "rejected" && settled.reason)).toMatchObject(times(3, () => ({ code: "STORE_CLOSED" })));
    expect(closedBefore).toBe(false);
    expect(await transaction).toBe(1);
    await closing;
    await using again = await openEventStore(databaseUrl, { schema });
    expect((await again.streamInfo("cart-1")).version).toBe(1);
  });

  test("with timeoutMs rejects what could not be written by then, and it was not", async ({ openStore, client, q, schema, databaseUrl }) => {
    const store = await openStore();
    await store.appendToStream("cart-1", [itemAdded()]);
    await client.query("begin");
    await client.query(`select 1 from ${q}.streams where name = 'cart-1' for update`);
    const stuck = failure(() => store.appendToStream("cart-1", [itemAdded()]));
    const free = store.appendToStream("cart-2", [itemAdded()]);
    await eventually(async () =>
      expect((await client.query("select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()")).rowCount).toBeGreaterThan(
        0,
      ),
    );
    await store.close({ timeoutMs: 100 });
    expect(await stuck).toMatchObject({ code: "STORE_CLOSED" });
    expect((await free).version).toBe(1);
    await client.query("rollback");
    await using again = await openEventStore(databaseUrl, { schema });
    expect((await again.streamInfo("cart-1")).version).toBe(1);
  });

  test.for(["a server", "a folder"])("with timeoutMs rolls back a transaction on %s that does not end", async (where, { databaseUrl, schema, folder }) => {
    const url = where === "a server" ? databaseUrl : `file:${folder}`;
    const store = await openEventStore(url, { schema });
    const opened = Promise.withResolvers<void>();
    let late: unknown;
    const goOn = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const transaction = failure(() =>
      store.transaction(async (tx) => {
        await tx.appendToStream("cart-1", [itemAdded()]);
        opened.resolve();
        await goOn.promise;
        late = await failure(() => tx.appendToStream("cart-1", [itemAdded()]));
        ended.resolve();
      }),
    );
    await opened.promise;
    await store.close({ timeoutMs: 1 });
    expect(await transaction).toMatchObject({ code: "STORE_CLOSED" });
    goOn.resolve();
    await ended.promise;
    expect(late).toMatchObject({ code: "INVALID_ARGUMENT", path: "tx" });
    await using again = await openEventStore(url, { schema });
    expect((await again.streamInfo("cart-1")).exists).toBe(false);
  });

  test("with timeoutMs stops the workers that run", async ({ openStore }) => {
    const store = await openStore();
    const worker = store.createWorker({ consumers: [defineConsumer({ name: "closing", handle: () => {} })] });
    await worker.start();
    await store.close({ timeoutMs: 10_000 });
    expect(await failure(() => worker.caughtUp())).toMatchObject({ code: "INVALID_ARGUMENT", path: "worker" });
  });

  test.for(["a server", "memory"])("is refused inside a transaction of the store on %s, and the store stays open", async (where, { openStore }) => {
    await using store = where === "memory" ? await openEventStore({ logger: recordLogs().logger }) : await openStore();
    await store.transaction(async (tx) => {
      for (const call of [() => store.close(), () => store.close({ timeoutMs: 0 }), () => store[Symbol.asyncDispose]()])
        expect(await failure(call)).toMatchObject({ code: "INVALID_ARGUMENT", path: "store" });
      await tx.appendToStream("cart-1", [itemAdded()]);
      await store.forTenant("acme").close();
    });
    expect((await store.streamInfo("cart-1")).version).toBe(1);
  });

  test("refuses a timeoutMs that is no number of milliseconds, and stays open", async ({ store }) => {
    expect(await failure(() => store.close({ timeoutMs: -1 }))).toMatchObject({ code: "INVALID_ARGUMENT", path: "options.timeoutMs" });
    expect(await store.highWaterMark()).toBe(0);
  });

  test("is not closed by a tenant's close, nor by its await using", async ({ store }) => {
    await store.forTenant("acme").close();
    {
      await using tenant = store.forTenant("acme");
      await tenant.appendToStream("cart-1", [itemAdded()]);
    }
    expect(await store.readAll({ tenants: "all" }).toArray()).toHaveLength(1);
  });
});

describe("a store that nobody closes", () => {
  test("keeps no process that has nothing else to do, and loses nothing that is under way", async ({ databaseUrl, schema, store }) => {
    const printed = await runProgram(
      `const store = await openEventStore(process.env.URL, { schema: process.env.SCHEMA });
      await Promise.all(Array.from({ length: 5 }, () => store.query("select pg_sleep(0.01)")));
      void store.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }]);
      console.log("the end");`,
      { URL: databaseUrl, SCHEMA: schema },
    );
    expect(printed).toBe("the end\n");
    expect((await store.streamInfo("cart-1")).version).toBe(1);
  });
});
