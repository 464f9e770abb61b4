import pg from "pg";
import { newId } from "../../src/arguments/uuid.ts";
import { plainEvents } from "../../src/catalogue/event-codec.ts";
import type { Database } from "../../src/database/database.ts";
import type { EncodedTimer, NewTimer } from "../../src/timers/encode-timer.ts";
import { timerStatements } from "../../src/timers/timer-statements.ts";
import { TimerWrites } from "../../src/timers/timer-writes.ts";
import { open } from "../database/open.ts";
import { describe, eventually, expect, test as base } from "../support/test.ts";

const test = base
  .extend("database", async ({ databaseUrl, store }, { onCleanup }) => {
    // The store comes first: it creates the schema.
    void store;
    const { database } = await open(databaseUrl);
    onCleanup(() => database.close());
    return database;
  })
  .extend("writes", ({ schema }) => new TimerWrites(timerStatements(schema), { codec: plainEvents, settings: { eventBytes: 1_000, createId: newId } }));

/** A timer that was checked: no schema is asynchronous here. */
function encoded(writes: TimerWrites, { key, ...rest }: Partial<NewTimer> & { readonly key: string }): EncodedTimer {
  const timer = writes.encode({ owner: 1, key, streamId: "reminder-1", event: { type: "Reminded", data: { key } }, due: { in: 60_000 }, ...rest });
  if (timer instanceof Promise) throw new Error("plain events are encoded at once");
  return timer;
}

async function keysOf(writes: TimerWrites, database: Database, owner = 1): Promise<readonly string[]> {
  return (await writes.of(database, "", [owner])).map(({ key }) => key);
}

describe("setting timers", () => {
  test("stores the event, due by the database's clock", async ({ writes, database }) => {
    const [before] = (await database.userQuery<{ now: Date }>("select clock_timestamp() as now", [])).rows;
    const event = { type: "Reminded", data: { n: 1 }, metadata: { correlationId: "c" }, tags: ["order:1", "b"] };
    const [set] = await writes.set(database, "", [encoded(writes, { key: "a", event, due: { in: 5_000 } })]);
    const [after] = (await database.userQuery<{ now: Date }>("select clock_timestamp() as now", [])).rows;
    expect(set?.dueAt.getTime()).toBeGreaterThanOrEqual((before?.now.getTime() ?? Number.NaN) + 5_000);
    expect(set?.dueAt.getTime()).toBeLessThanOrEqual((after?.now.getTime() ?? Number.NaN) + 5_001);
    expect(set?.inMs).toBeGreaterThanOrEqual(5_000);
    expect(await writes.of(database, "", [1])).toEqual([
      { owner: 1, key: "a", streamId: "reminder-1", eventId: set?.eventId, type: "Reminded", dueAt: set?.dueAt, attempts: 0, error: undefined, parked: false },
    ]);
  });

  test("rounds a deadline up to a whole millisecond, and never down", async ({ writes, database }) => {
    const delays: number[] = [];
    for (let n = 0; n < 30; n++) delays.push((await writes.set(database, "", [encoded(writes, { key: "a", due: { in: 1_000 } })]))[0]?.inMs ?? 0);
    expect(delays).toEqual(delays.map(() => 1_000));
  });

  test("stores a date to the millisecond, whatever its century", async ({ writes, database }) => {
    for (const at of [new Date(0), new Date("1066-10-14T09:00:00.001Z"), new Date("2026-10-25T00:59:59.999Z"), new Date(8_640_000_000_000_000)]) {
      const [set] = await writes.set(database, "", [encoded(writes, { key: "a", due: { at } })]);
      expect(set?.dueAt).toEqual(at);
    }
  });

  test("replaces by key: the event, the due time and the id", async ({ writes, database }) => {
    const [first] = await writes.set(database, "", [encoded(writes, { key: "a" })]);
    const [second] = await writes.set(database, "", [encoded(writes, { key: "a", streamId: "reminder-2", due: { at: new Date("2030-01-01") } })]);
    expect(second?.eventId).not.toBe(first?.eventId);
    expect(await writes.of(database, "", [1])).toMatchObject([{ streamId: "reminder-2", eventId: second?.eventId, dueAt: new Date("2030-01-01") }]);
  });

  test("takes many at once, the last of each key", async ({ writes, database }) => {
    const timers = [1, 2].flatMap((owner) => ["b", "a", "b"].map((key, n) => encoded(writes, { owner, key, streamId: `reminder-${n}` })));
    await writes.set(database, "", timers);
    expect((await writes.of(database, "", [1, 2])).map(({ owner, key, streamId }) => `${owner} ${key} ${streamId}`).toSorted()).toEqual([
      "1 a reminder-1",
      "1 b reminder-2",
      "2 a reminder-1",
      "2 b reminder-2",
    ]);
  });

  test("is part of the transaction", async ({ writes, database }) => {
    const failure = new Error("rolled back");
    const set = database.transaction(async (session) => {
      await writes.set(session, "", [encoded(writes, { key: "a" })]);
      throw failure;
    });
    await expect(set).rejects.toBe(failure);
    expect(await keysOf(writes, database)).toEqual([]);
  });

  test("keeps tenants apart", async ({ writes, database }) => {
    await writes.set(database, "acme", [encoded(writes, { key: "a" })]);
    expect(await keysOf(writes, database)).toEqual([]);
    expect(await writes.cancel(database, "", [{ owner: 1, keys: "all" }])).toBe(0);
    expect(await writes.of(database, "acme", [1])).toHaveLength(1);
  });

  test("of the same timers in two transactions waits in one order, and never in a ring", async ({ writes, database, sql, schema }) => {
    const keys = Array.from({ length: 30 }, (_, n) => `key-${n}`);
    await writes.set(
      database,
      "",
      keys.map((key) => encoded(writes, { key })),
    );
    const holder = await sql.connect();
    try {
      await holder.query("begin");
      // In the middle: of two orders, each would have what the other one wants next.
      await holder.query(`select from ${pg.escapeIdentifier(schema)}.timers where key = 'key-15' for update`);
      const setting = [keys, keys.toReversed()].map((order) =>
        writes.set(
          database,
          "",
          order.map((key) => encoded(writes, { key, streamId: `reminder-${order[0]}` })),
        ),
      );
      await eventually(async () => {
        const { rows } = await sql.query(
          "select from pg_stat_activity where wait_event_type = 'Lock' and query like '%set_timers%' and datname = current_database()",
        );
        expect(rows).toHaveLength(2);
      });
      await holder.query("rollback");
      await Promise.all(setting);
    } finally {
      holder.release(true);
    }
    // All of one of them: none stands between.
    expect(new Set((await writes.of(database, "", [1])).map(({ streamId }) => streamId)).size).toBe(1);
  });
});

describe("cancelling timers", () => {
  test("takes keys and whole owners at once, and says how many there were", async ({ writes, database }) => {
    const timers = [1, 2, 3].flatMap((owner) => ["a", "b"].map((key) => encoded(writes, { owner, key })));
    await writes.set(database, "", timers);
    const cancelled = await writes.cancel(database, "", [
      { owner: 1, keys: ["b", "unknown"] },
      { owner: 2, keys: "all" },
      { owner: 2, keys: ["a"] },
    ]);
    expect(cancelled).toBe(3);
    expect(await keysOf(writes, database, 1)).toEqual(["a"]);
    expect(await keysOf(writes, database, 2)).toEqual([]);
    expect(await keysOf(writes, database, 3)).toEqual(["a", "b"]);
  });

  test("of none sends nothing", async ({ writes, database }) => {
    expect(await writes.cancel(database, "", [])).toBe(0);
    expect(await writes.cancel(database, "", [{ owner: 1, keys: [] }])).toBe(0);
    expect(await writes.set(database, "", [])).toEqual([]);
  });
});

test("a timer whose event could not be appended is refused when it is set", ({ writes }) => {
  expect(() => writes.encode({ owner: 1, key: "", streamId: "s", event: { type: "T", data: 1 }, due: { in: 0 } })).toThrow("key is empty");
  expect(() => encoded(writes, { key: "a", streamId: "\u0000" })).toThrow("streamId holds the control character");
  expect(() => encoded(writes, { key: "a", event: { type: "", data: {} } })).toThrow("event.type is empty");
  expect(() => encoded(writes, { key: "a", event: { type: "T", data: 1n } })).toThrow("event.data");
  expect(() => encoded(writes, { key: "a", event: { type: "T", data: "x".repeat(2_000) } })).toThrow("event");
  expect(() => encoded(writes, { key: "a", due: { in: -1 } })).toThrow("in must be a whole number from 0 to");
  expect(() => encoded(writes, { key: "a", due: { at: new Date(Number.NaN) } })).toThrow("at is an invalid Date");
});
