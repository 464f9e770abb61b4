import { defineProjection, type EventStore, openEventStore } from "tidemark";
import { describe, eventsOf, eventually, expect, firedIn, reminded, test as base, waiting } from "./test.ts";
import { gate } from "../database/open.ts";

interface Held {
  /** A store whose timers' appends wait for `release` before they commit. */
  readonly held: EventStore;
  /** Another one, of a process that does not wait. */
  readonly free: EventStore;
  /** Resolves once a timer's event is written and not committed. */
  readonly writing: Promise<void>;
  readonly release: () => void;
}

/** `hold`: holds the transaction that fires a timer between its append and its commit. */
const test = base.extend("hold", ({ databaseUrl, schema }, { onCleanup }) => {
  const ends: (() => Promise<void>)[] = [];
  onCleanup(async () => {
    for (const end of ends) await end();
  });
  return async (): Promise<Held> => {
    const entered = gate();
    const released = gate();
    const open = async (handle: () => Promise<void>): Promise<EventStore> => {
      const holding = defineProjection<{ type: string; data: unknown }>({ name: "holding", mode: "inline", handles: ["Reminded"], handle });
      const opened = await openEventStore(databaseUrl, { schema, projections: [holding] });
      ends.unshift(async () => {
        released.open();
        await opened.close();
      });
      return opened;
    };
    let calls = 0;
    const held = await open(async () => {
      if (calls++ > 0) return;
      entered.open();
      await released.opened;
    });
    const free = await open(async () => {});
    return { held, free, writing: entered.opened, release: released.open };
  };
});

describe("cancelling a timer that is due", () => {
  test("comes too late once its event is being appended: waits, and finds it gone", async ({ store, sql, hold, fire }) => {
    const { held, writing, release } = await hold();
    await store.schedule("reminder-1", reminded(), { key: "r-1", at: new Date(0) });
    await fire(held);
    await writing;
    const cancelled = held.timers.cancel("r-1");
    try {
      await waiting(sql, "tidemark_timer_cancel");
    } finally {
      release();
    }
    expect(await cancelled).toBe(false);
    expect(await firedIn(store, "reminder-1")).toHaveLength(1);
  });

  test("comes first where its transaction has the row: the timer does not fire once that commits", async ({ store, fire, client }) => {
    await store.schedule("reminder-1", reminded(1), { key: "r-1", at: new Date(0) });
    await store.schedule("reminder-2", reminded(2), { key: "r-2", at: new Date(1) });
    const own = await client();
    await own.query("begin");
    expect(await store.withTransaction(own).timers.cancel("r-1")).toBe(true);
    await fire();
    // It was skipped, and those behind it were not.
    await firedIn(store, "reminder-2");
    await own.query("commit");
    await store.schedule("reminder-2", reminded(3), { key: "r-3", at: new Date(2) });
    await firedIn(store, "reminder-2", 2);
    expect(await eventsOf(store, "reminder-1")).toEqual([]);
  });

  test("leaves it to fire where its transaction rolls back", async ({ store, fire, client }) => {
    await store.schedule("reminder-1", reminded(1), { key: "r-1", at: new Date(0) });
    await store.schedule("reminder-2", reminded(2), { key: "r-2", at: new Date(1) });
    const own = await client();
    await own.query("begin");
    await store.withTransaction(own).timers.cancel("r-1");
    await fire();
    await firedIn(store, "reminder-2");
    expect(await eventsOf(store, "reminder-1")).toEqual([]);
    await own.query("rollback");
    await firedIn(store, "reminder-1");
  });
});

describe("replacing a timer that is due", () => {
  test("sets a new one once its event has been appended", async ({ store, sql, hold, fire }) => {
    const { held, writing, release } = await hold();
    await store.schedule("reminder-1", reminded(1), { key: "r-1", at: new Date(0) });
    await fire(held);
    await writing;
    const replaced = held.schedule("reminder-1", reminded(2), { key: "r-1", in: 0 });
    try {
      await waiting(sql, "set_timers");
    } finally {
      release();
    }
    const { eventId } = await replaced;
    const [first, second] = await firedIn(store, "reminder-1", 2);
    expect([first?.data, second?.data]).toEqual([{ n: 1 }, { n: 2 }]);
    expect(second?.id).toBe(eventId);
  });

  test("with a later time holds it back, although it was due when a worker looked", async ({ store, fire, client }) => {
    await store.schedule("reminder-1", reminded(1), { key: "r-1", at: new Date(0) });
    await store.schedule("reminder-2", reminded(2), { key: "r-2", at: new Date(1) });
    const own = await client();
    await own.query("begin");
    await store.withTransaction(own).schedule("reminder-1", reminded(3), { key: "r-1", in: 3_600_000 });
    await fire();
    await firedIn(store, "reminder-2");
    await own.query("commit");
    await store.schedule("reminder-2", reminded(4), { key: "r-2", in: 0 });
    await firedIn(store, "reminder-2", 2);
    expect(await eventsOf(store, "reminder-1")).toEqual([]);
    expect(await store.timers.list()).toHaveLength(1);
  });
});

describe("a worker that is lost between taking a timer and its commit", () => {
  test("loses nothing: the timer fires once, when the session is killed", async ({ store, sql, hold, fire }) => {
    const { held, writing, release } = await hold();
    const { eventId } = await store.schedule("reminder-1", reminded(), { key: "r-1", at: new Date(0) });
    await fire(held);
    try {
      await writing;
      const { rowCount } = await sql.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and state = 'idle in transaction'",
      );
      // Its own, and perhaps one that looks for timers meanwhile.
      expect(rowCount).toBeGreaterThanOrEqual(1);
    } finally {
      release();
    }
    const events = await firedIn(store, "reminder-1");
    expect(events.map(({ id }) => id)).toEqual([eventId]);
    expect(await store.timers.list()).toEqual([]);
  });

  test("holds others up for some seconds at most: its transaction is ended by the server", async ({ hold, fire }) => {
    const { held, free, writing, release } = await hold();
    await held.schedule("reminder-1", reminded(1), { key: "r-1", at: new Date(0) });
    await fire(held);
    await writing;
    await fire(free);
    await free.schedule("reminder-2", reminded(2), { key: "r-2", at: new Date(1) });
    try {
      // Both, by the other worker: the first one stands still.
      await firedIn(free, "reminder-2");
      expect(await firedIn(free, "reminder-1")).toHaveLength(1);
    } finally {
      release();
    }
    await eventually(async () => expect(await free.timers.list()).toEqual([]));
    expect(await eventsOf(free, "reminder-1")).toHaveLength(1);
  });
});

test("a timer never deadlocks with a transaction that has its stream and replaces it", async ({ store, fire, client, sql }) => {
  await store.appendToStream("reminder-1", [reminded(0)]);
  await store.schedule("reminder-1", reminded(1), { key: "r-1", at: new Date(0) });
  await store.schedule("reminder-2", reminded(2), { key: "r-2", at: new Date(1) });
  const own = await client();
  // Sooner than the worker's session would look for one: what waited for each other would end here, with an error.
  await own.query("set deadlock_timeout = '600ms'; begin");
  const tx = store.withTransaction(own);
  await tx.appendToStream("reminder-1", [reminded(3)]);
  const { errors } = await fire();
  // Its stream is held, so that it waits; the other one fires.
  await firedIn(store, "reminder-2");
  await eventually(async () => {
    const { rows } = await sql.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%append_many%'",
    );
    expect(rows).toHaveLength(1);
  });
  await tx.schedule("reminder-1", reminded(4), { key: "r-1", in: 0 });
  await own.query("commit");
  expect((await firedIn(store, "reminder-1", 3)).map(({ data }) => data)).toEqual([{ n: 0 }, { n: 3 }, { n: 4 }]);
  expect(errors).toEqual([]);
});
