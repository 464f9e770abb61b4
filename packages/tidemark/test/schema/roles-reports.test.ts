import pg from "pg";
import type { EventStore } from "tidemark";
import { itemAdded } from "../support/cart.ts";
import { membersOf } from "../support/members.ts";
import { describe, expect, letter, refused, test } from "./used-store.ts";

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

type Call = readonly [string, (store: EventStore, id: string) => Promise<unknown>];

/** What reads events, which every role may. */
const readings: readonly Call[] = [
  ["readStream", (store) => store.readStream("cart-1").toArray()],
  ["readStream backward", (store) => store.readStream("cart-1", { direction: "backward", limit: 1 }).toArray()],
  ["readAll", (store) => store.readAll({ filter: { types: ["ItemAdded"] } }).toArray()],
  ["readBoundary", (store) => store.readBoundary([{ tags: ["a"] }])],
  ["aggregateStream", (store) => store.aggregateStream("cart-1", { initialState: () => 0, evolve: (count: number) => count + 1 })],
  ["streamInfo", (store) => store.streamInfo("cart-1")],
  ["streams", (store) => all(store.streams())],
  ["streams of a category", (store) => all(store.streams({ category: "cart" }))],
  ["eventById", (store, id) => store.eventById(id)],
  ["highWaterMark", (store) => store.highWaterMark()],
  ["blockers", (store) => store.blockers()],
  ["indexes.list", (store) => store.indexes.list()],
  ["connectionBudget", (store) => store.connectionBudget()],
  ["metrics", async (store) => store.metrics()],
  ["skippedTypes", async (store) => store.skippedTypes()],
  ["personalPaths", async (store) => store.personalPaths({ type: "Opened", schemaVersion: 1 })],
  ["health", (store) => store.health()],
  ["doctor", (store) => store.doctor()],
  ["stats", (store) => store.stats()],
];

/** What a writer has set, and all but a reader may see. */
const kept: readonly Call[] = [
  ["timers.list", (store) => store.timers.list()],
  ["snapshots.list", (store) => store.snapshots.list()],
];

/** What tells of the work on events, which a worker and an operator may. */
const reports: readonly Call[] = [
  ["consumers.list", (store) => store.consumers.list()],
  ["consumers.get", (store) => store.consumers.get("mailer")],
  ["projections.list", (store) => store.projections.list()],
  ["projections.get", (store) => store.projections.get("totals")],
  ["processes.list", (store) => store.processes.list()],
  ["processes.versions", (store) => store.processes.versions()],
  ["processes.get", (store) => store.processes.get("checkout", "cart-1")],
  ["relays.list", (store) => store.relays.list()],
  ["relays.get", (store) => store.relays.get("out")],
  ["outbox.list", (store) => store.outbox.list()],
  ["outbox.stats", (store) => store.outbox.stats()],
  ["deadLetters.list", (store) => store.deadLetters.list()],
  ["deadLetters.get", async (store) => store.deadLetters.get(await letter(store))],
  ["deadLetters.history", (store) => store.deadLetters.history()],
  ["followers", (store) => store.followers()],
  ["verify", (store) => store.verify()],
];

/** What an operator changes, in an order in which each can be done. */
const changes: readonly Call[] = [
  ["consumers.pause", (store) => store.consumers.pause("mailer", { reason: "a look" })],
  ["consumers.resume", (store) => store.consumers.resume("mailer")],
  ["consumers.reset", (store) => store.consumers.reset("mailer", { after: 0 })],
  ["consumers.rename", (store) => store.consumers.rename("mailer", "posting")],
  ["consumers.delete", (store) => store.consumers.delete("posting")],
  ["relays.pause", (store) => store.relays.pause("out")],
  ["relays.resume", (store) => store.relays.resume("out")],
  ["relays.reset", (store) => store.relays.reset("out", { after: "end" })],
  ["deadLetters.retry", async (store) => store.deadLetters.retry(await letter(store))],
  ["deadLetters.discard", async (store) => store.deadLetters.discard(await letter(store))],
  ["processes.retry", (store) => store.processes.retry("checkout", "cart-1")],
  ["processes.cancel", (store) => store.processes.cancel("checkout", "cart-1")],
  ["outbox.cleanUp", (store) => store.outbox.cleanUp({ keepMs: 0 })],
  ["projections.pause", (store) => store.projections.pause("totals")],
  ["projections.pause, of an async one", (store) => store.projections.pause("counts")],
  ["projections.resume", (store) => store.projections.resume("totals")],
  ["projections.deactivate", (store) => store.projections.deactivate("totals")],
  ["timers.cancel", (store) => store.timers.cancel("k")],
];

/** What nobody may but the owner of the tables. */
const ofTheOwner: readonly Call[] = [
  ["indexes.create", (store) => store.indexes.create("causation")],
  ["audit.prune", (store) => store.audit.prune({ before: new Date(0) })],
];

/** Where else a role makes a call, or why it makes none. */
const elsewhere: Readonly<Record<string, string>> = {
  "in roles-sql.test.ts": "subscribe appendToStream append schedule transaction receive createWorker documents audit.record audit.settle audit.list",
  "inside of those": "transactions inlineTransaction timers.schedule",
  "in files that scripts/role-tests.ts names":
    "appendToStreams withTransaction waitFor snapshots.take snapshots.delete relays.replay projections.rebuild projections.swap projections.rollBack projections.drop projections.rebuildDocument",
  "it needs no more than readAll, rebuildDocument and indexes.create": "checkEvents readCausation readCorrelation projections.check indexes.drop",
  "it is the caller's own SQL": "query pool",
  "it asks the database nothing": "forTenant withMetadata wake close snapshots.stats snapshots.settled",
};

/** The calls that PostgreSQL refuses. Any other failure is one of the test. */
async function refusedOf(calls: readonly Call[], store: EventStore, id: string): Promise<string[]> {
  const found: string[] = [];
  for (const [name, call] of calls) {
    const error: unknown = await call(store, id).then(
      () => undefined,
      (failure: unknown) => failure,
    );
    if (error !== undefined) expect(error, name).toMatchObject(refused);
    if (error !== undefined) found.push(name);
  }
  return found;
}

const namesOf = (calls: readonly Call[]): string[] => calls.map(([name]) => name);

const rooms = ["consumers", "projections", "processes", "relays", "outbox", "audit", "deadLetters", "snapshots", "indexes", "timers"] as const;

test("each call of a store is made as each role, or somewhere else", async ({ store }) => {
  const made = [...readings, ...kept, ...reports, ...changes, ...ofTheOwner].map(([name]) => name.replace(/[ ,].*/, ""));
  const known = [...new Set([...made, ...Object.values(elsewhere).flatMap((names) => names.split(" "))])];
  const there = [
    ...membersOf(store).filter((name) => !rooms.some((room) => room === name)),
    ...rooms.flatMap((room) => membersOf(store[room]).map((name) => `${room}.${name}`)),
  ];
  expect(known.toSorted()).toEqual(there.toSorted());
});

describe("the roles of rolesSql", () => {
  test("let each read events, and look at the store", async ({ openAs, used }) => {
    for (const kind of ["reader", "writer", "worker", "operator"] as const) expect(await refusedOf(readings, await openAs(kind), used), kind).toEqual([]);
  });

  test("let a writer, a worker and an operator look at timers and snapshots, and a reader not", async ({ openAs, used }) => {
    for (const kind of ["writer", "worker", "operator"] as const) expect(await refusedOf(kept, await openAs(kind), used), kind).toEqual([]);
    expect(await refusedOf(kept, await openAs("reader"), used)).toEqual(namesOf(kept));
  });

  test("let nobody create indexes of the log, or remove entries of the audit", async ({ openAs, used }) => {
    for (const kind of ["reader", "writer", "worker", "operator"] as const)
      expect(await refusedOf(ofTheOwner, await openAs(kind), used), kind).toEqual(namesOf(ofTheOwner));
  });

  test("let a worker and an operator look at the work on events, and a reader and a writer not", async ({ openAs, used }) => {
    for (const kind of ["worker", "operator"] as const) expect(await refusedOf(reports, await openAs(kind), used), kind).toEqual([]);
    for (const kind of ["reader", "writer"] as const) expect(await refusedOf(reports, await openAs(kind), used), kind).toEqual(namesOf(reports));
  });

  test("let an operator change the work on events, and neither append, set timers nor publish", async ({ openAs, used }) => {
    const store = await openAs("operator");
    expect(await refusedOf(changes, store, used)).toEqual([]);
    expect((await store.processes.get("checkout", "cart-1")).status).toBe("cancelled");
    expect((await store.projections.get("counts")).state).toBe("paused");
    expect(await store.timers.list()).toEqual([]);
    await expect(store.appendToStream("cart-1", [itemAdded()])).rejects.toMatchObject(refused);
    await expect(store.schedule("cart-1", itemAdded(), { key: "mine", in: 1_000 })).rejects.toMatchObject(refused);
    await expect(store.transaction((tx) => tx.publish({ topic: "mail", key: "a", payload: {} }))).rejects.toMatchObject(refused);
  });

  test("let an operator give workers nothing to append, and relays nothing to publish", async ({ openAs, used, schema }) => {
    expect(used).not.toBe("");
    const store = await openAs("operator");
    for (const statement of [
      "update @process_commands set payload = '{}'",
      "update @process_commands set stream = 'cart-1'",
      "update @process_instances set state = '0'",
      "update @dead_letters set position = 1",
      "update @outbox set payload = '{}'",
      ...["consumers", "process_versions", "process_instances", "process_inputs", "process_commands", "dead_letters", "timers", "outbox"].map(
        (table) => `insert into @${table} default values`,
      ),
    ])
      await expect(store.query(statement.replace("@", `${pg.escapeIdentifier(schema)}.`)), statement).rejects.toMatchObject(refused);
  });

  test("let a reader change nothing of the work on events", async ({ openAs, used }) => {
    const store = await openAs("reader");
    expect(await refusedOf(changes, store, used)).toEqual(namesOf(changes));
  });
});
