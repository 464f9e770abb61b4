import {
  aggregate,
  type BoundaryDecider,
  defineConsumer,
  defineEvents,
  documentProjection,
  type Event,
  event,
  executeCommand,
  type EventStore,
  handleCommand,
  type MultiStreamDecider,
  openEventStore,
  repository,
  type StoreTransaction,
} from "../../src/index.ts";
import { cart } from "../commands/cart.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, expect, failure, recordLogs, test } from "../store/test.ts";

const id = "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78";
const position = { consumer: "mailer", position: 1 };
const documents = documentProjection<{ n: number }>({
  name: "carts",
  mode: "async",
  collection: "carts",
  handles: ["ItemAdded"],
  documentId: (event) => event.streamId,
  evolve: (before) => ({ n: (before?.n ?? 0) + 1 }),
});
const overStreams: MultiStreamDecider<number, string, Event> = {
  reads: (streamId) => [streamId],
  initialState: () => 0,
  evolve: (n) => n + 1,
  decide: (streamId) => [{ streamId, events: [itemAdded()] }],
};
const byQuery: BoundaryDecider<number, string, Event> = {
  query: (tag) => [{ tags: [tag] }],
  initialState: () => 0,
  evolve: (n) => n + 1,
  decide: (tag) => [{ ...itemAdded(), tags: [tag] }],
};
class Cart extends aggregate<number, Event>({ category: "cart", initialState: () => 0, evolve: { ItemAdded: (n) => n + 1 } }) {
  add(): void {
    this.apply(itemAdded());
  }
}

/** What works on a store and inside a transaction. Each function is called like the key in what its errors must hold. */
const shared: Readonly<Record<string, (store: EventStore | StoreTransaction) => Promise<unknown>>> = {
  appendToStream: async (store) => await store.appendToStream("cart-1", [itemAdded()]),
  appendToStreams: async (store) => await store.appendToStreams([{ streamId: "cart-1", events: [itemAdded()] }]),
  append: async (store) => await store.append([{ ...itemAdded(), tags: ["cart:1"] }]),
  readStream: async (store) => await store.readStream("cart-1").toArray(),
  async readStreamInLoop(store) {
    for await (const _ of store.readStream("cart-1"));
  },
  readAll: async (store) => await store.readAll().toArray(),
  async readAllInBatches(store) {
    for await (const _ of store.readAll().batches(10));
  },
  readBoundary: async (store) => await store.readBoundary([{ tags: ["a"] }]),
  aggregateStream: async (store) => await store.aggregateStream("cart-1", { initialState: () => 0, evolve: (n) => n + 1 }),
  streamInfo: async (store) => await store.streamInfo("cart-1"),
  async streams(store) {
    for await (const _ of store.streams());
  },
  async streamsOfCategory(store) {
    for await (const _ of store.streams({ category: "cart" }));
  },
  eventById: async (store) => await store.eventById(id),
  readCausation: async (store) => await store.readCausation(id),
  readCorrelation: async (store) => await store.readCorrelation("request-7").toArray(),
  query: async (store) => await store.query("select * from nowhere"),
  schedule: async (store) => await store.schedule("cart-1", itemAdded(), { key: "a", in: 1 }),
  timersList: async (store) => await store.timers.list(),
  timersCancel: async (store) => await store.timers.cancel("a"),
  documentsGet: async (store) => await store.documents("carts").get("cart-1"),
  documentsGetMany: async (store) => await store.documents("carts").getMany(["cart-1"]),
  documentsFind: async (store) => await store.documents(documents).find({ where: { n: { gt: 1 } } }),
  documentsFirst: async (store) => await store.documents(documents).first(),
  documentsPage: async (store) => await store.documents(documents).page(),
  documentsCount: async (store) => await store.documents(documents).count(),
  handleCommand: async (store) => await handleCommand(store, cart, "cart-1", { kind: "confirm" }),
  executeOverStreams: async (store) => await executeCommand(store, overStreams, "cart-1"),
  executeOverQuery: async (store) => await executeCommand(store, byQuery, "cart:1"),
  repositoryLoad: async (store) => await repository(store, Cart).load("1"),
  repositoryLoadOrCreate: async (store) => await repository(store, Cart).loadOrCreate("1"),
  repositoryExists: async (store) => await repository(store, Cart).exists("1"),
  async repositorySave(store) {
    const added = new Cart("1");
    added.add();
    await repository(store, Cart).save(added);
  },
  repositoryUpdate: async (store) => await repository(store, Cart).update("1", (loaded) => loaded.add()),
};

/** What a store has beyond that. */
const ofStores: Readonly<Record<string, (store: EventStore) => Promise<unknown>>> = {
  auditRecord: async (store) => await store.audit.record({ action: "pause", subject: "consumer mailer" }),
  auditSettle: async (store) => await store.audit.settle(id),
  auditList: async (store) => await store.audit.list(),
  auditPrune: async (store) => await store.audit.prune({ before: new Date() }),
  outboxList: async (store) => await store.outbox.list(),
  outboxStats: async (store) => await store.outbox.stats(),
  outboxCleanUp: async (store) => await store.outbox.cleanUp(),
  publish: async (store) => await store.transaction(async (tx) => tx.publish({ topic: "t", key: "k", payload: {} })),
  receive: async (store) => await store.receive("m-1", async (tx) => tx.appendToStream("cart-1", [itemAdded()])),
  transaction: async (store) => await store.transaction(async (tx) => tx.appendToStream("cart-1", [itemAdded()])),
  async subscribe(store) {
    for await (const _ of store.subscribe());
  },
  async subscribeInBatches(store) {
    for await (const _ of store.subscribe().batches(5));
  },
  highWaterMark: async (store) => await store.highWaterMark(),
  blockers: async (store) => await store.blockers(),
  checkEvents: async (store) => await store.checkEvents({ events: defineEvents({ ItemAdded: event() }) }),
  stats: async (store) => await store.stats(),
  followers: async (store) => await store.followers(),
  verify: async (store) => await store.verify(),
  waitFor: async (store) => await store.waitFor("mailer", 1),
  createWorker: async (store) => await store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle() {} })] }).start(),
  createWorkerCaughtUp: async (store) => await store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle() {} })] }).caughtUp(),
  createWorkerRun: async (store) => await store.createWorker({ projections: [documents] }).run(),
  consumersList: async (store) => await store.consumers.list(),
  consumersGet: async (store) => await store.consumers.get("mailer"),
  consumersPause: async (store) => await store.consumers.pause("mailer"),
  consumersResume: async (store) => await store.consumers.resume("mailer"),
  consumersReset: async (store) => await store.consumers.reset("mailer", { after: 0 }),
  consumersRename: async (store) => await store.consumers.rename("mailer", "post"),
  projectionsList: async (store) => await store.projections.list(),
  projectionsGet: async (store) => await store.projections.get("carts"),
  projectionsPause: async (store) => await store.projections.pause("carts"),
  projectionsResume: async (store) => await store.projections.resume("carts"),
  projectionsDeactivate: async (store) => await store.projections.deactivate("carts"),
  projectionsRebuild: async (store) => await store.projections.rebuild("carts"),
  projectionsSwap: async (store) => await store.projections.swap("carts"),
  projectionsRollBack: async (store) => await store.projections.rollBack("carts"),
  projectionsDrop: async (store) => await store.projections.drop("carts", 1),
  projectionsCheck: async (store) => await store.projections.check("carts"),
  projectionsRebuildDocument: async (store) => await store.projections.rebuildDocument("carts", "cart-1"),
  deadLettersList: async (store) => await store.deadLetters.list(),
  deadLettersGet: async (store) => await store.deadLetters.get(position),
  deadLettersRetry: async (store) => await store.deadLetters.retry(position),
  deadLettersDiscard: async (store) => await store.deadLetters.discard(position),
  relaysList: async (store) => await store.relays.list(),
  relaysGet: async (store) => await store.relays.get("out"),
  relaysPause: async (store) => await store.relays.pause("out"),
  relaysResume: async (store) => await store.relays.resume("out"),
  relaysReset: async (store) => await store.relays.reset("out", { after: 0 }),
  relaysReplay: async (store) => await store.relays.replay("out"),
  processesList: async (store) => await store.processes.list(),
  processesVersions: async (store) => await store.processes.versions(),
  processesGet: async (store) => await store.processes.get("ordering", "order-1"),
  processesRetry: async (store) => await store.processes.retry("ordering", "order-1"),
  processesCancel: async (store) => await store.processes.cancel("ordering", "order-1"),
  indexesList: async (store) => await store.indexes.list(),
  indexesCreate: async (store) => await store.indexes.create("causation"),
  indexesDrop: async (store) => await store.indexes.drop("causation"),
  snapshotsList: async (store) => await store.snapshots.list(),
  snapshotsTake: async (store) => await store.snapshots.take({ ...cart, name: "cart", snapshot: {} }, "cart-1"),
  snapshotsDelete: async (store) => await store.snapshots.delete({}),
};
/** What rejects with nothing of the database's. */
const others = [
  "constructor",
  "inlineTransaction",
  "transactions",
  "forTenant",
  "withMetadata",
  "wake",
  "metrics",
  "health",
  "doctor",
  "connectionBudget",
  "skippedTypes",
  "personalPaths",
  "close",
  "pool",
  "withTransaction",
];

function methodsOf(object: unknown): string[] {
  if (typeof object !== "object" || object === null || object === Object.prototype) return [];
  return [...Object.getOwnPropertyNames(object), ...methodsOf(Object.getPrototypeOf(object))];
}

/** The lines of an error's stack that are of the function of this name, in this file. */
function linesOf(error: unknown, name: string): string[] {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return stack.split("\n").filter((line) => line.includes("caller-frames.test.ts:") && new RegExp(`at (async )?(\\w+\\.)?${name} `).test(line));
}

describe("an error holds the line of the call, where the database refuses", () => {
  test("every call of a store, of a tenant's, and of a transaction", async ({ openStore, q, sql }) => {
    const { logger } = recordLogs();
    const store = await openStore({ logger });
    const members = Object.keys({ ...shared, ...ofStores });
    for (const name of methodsOf(Object.getPrototypeOf(store)).filter((method) => !others.includes(method)))
      expect(
        members.some((member) => member.startsWith(name)),
        name,
      ).toBe(true);
    await sql.query(`drop schema ${q} cascade`);

    for (const [name, call] of Object.entries({ ...shared, ...ofStores })) {
      for (const target of [store, store.forTenant("acme")]) expect(linesOf(await failure(() => call(target)), name), name).toHaveLength(1);
    }
    for (const [name, call] of Object.entries(shared)) {
      expect(linesOf(await failure(() => store.transaction(async (tx) => await call(tx))), name), `${name} in a transaction`).toHaveLength(1);
    }
  });

  test("calls at once, each its own line, although they fail together", async ({ openStore, q, sql }) => {
    const store = await openStore();
    await sql.query(`drop schema ${q} cascade`);
    async function first(): Promise<void> {
      await store.appendToStream("cart-1", [itemAdded()]);
    }
    async function second(): Promise<void> {
      // Without await: JavaScript itself knows the line of its caller alone.
      const together = async (): Promise<unknown> => store.appendToStream("cart-2", [itemAdded()]);
      await Promise.all([together(), together()]);
    }
    async function third(): Promise<void> {
      await store.readStream("cart-3").toArray();
    }
    async function fourth(): Promise<void> {
      await store.readStream("cart-3").toArray();
    }
    const calls = { first, second, third, fourth };
    const errors = await Promise.all(Object.values(calls).map((call) => failure(call)));
    for (const [index, name] of Object.keys(calls).entries()) {
      expect(errors[index]).toMatchObject({ code: "DATABASE", name: "DatabaseError" });
      for (const other of Object.keys(calls)) expect(linesOf(errors[index], other), `${other} in the error of ${name}`).toHaveLength(other === name ? 1 : 0);
    }
  });

  test("opening", async () => {
    async function open(): Promise<void> {
      await openEventStore("postgres://127.0.0.1:1/nowhere");
    }
    expect(linesOf(await failure(open), "open")).toHaveLength(1);
  });

  test("what a handler does, in its dead letter", async ({ store }) => {
    await store.appendToStream("cart-1", [itemAdded()]);
    const mailer = defineConsumer({
      name: "mailer",
      retry: { attempts: 1 },
      async handle(_event, context) {
        await context.query("select * from nowhere");
      },
    });
    await using worker = store.createWorker({ consumers: [mailer], onError() {} });
    await worker.start();
    await worker.caughtUp();
    const [letter] = await store.deadLetters.list();
    expect(letter?.error?.stack).toMatch(/at (async )?(\w+\.)?handle .*caller-frames\.test\.ts:/);
  });
});

describe("an error holds the line of the call", () => {
  test("of a conflict and of a wrong argument, once", async ({ store }) => {
    async function conflict(): Promise<void> {
      await store.appendToStream("cart-1", [itemAdded()], { expectedVersion: 7 });
    }
    async function wrong(): Promise<void> {
      let data: unknown = Number.NaN;
      for (let depth = 0; depth < 30; depth++) data = [data];
      await store.appendToStream("cart-1", [{ type: "Noted", data }]);
    }
    expect(linesOf(await failure(conflict), "conflict")).toHaveLength(1);
    expect(linesOf(await failure(wrong), "wrong")).toHaveLength(1);
  });

  test("as many as the program wants of any error", async ({ store }) => {
    const before = Error.stackTraceLimit;
    const conflict = (): Promise<unknown> => failure(async () => await store.appendToStream("cart-1", [itemAdded()], { expectedVersion: 7 }));
    try {
      Error.stackTraceLimit = 0;
      expect(await conflict()).toMatchObject({ stack: expect.not.stringContaining("\n    at ") });
      Error.stackTraceLimit = 1;
      expect(await conflict()).toMatchObject({ stack: expect.stringMatching(/(\n    at .*caller-frames\.test\.ts.*){1}$/) });
    } finally {
      Error.stackTraceLimit = before;
    }
  });

  test("and what a callback throws comes as it is", async ({ store }) => {
    const own = new Error("mine");
    const { stack } = own;
    const thrown = await failure(async () => {
      await store.transaction(async () => {
        throw own;
      });
    });
    expect(thrown).toBe(own);
    expect(own.stack).toBe(stack);
  });
});
