import { defineProjection, type EventStore, isTidemarkError, openEventStore } from "tidemark";
import { describe, eventsOf, eventually, expect, firedIn, reminded, test as base } from "./test.ts";

/** `refusing`: a store with an inline projection that refuses events until it is told to take them. */
const test = base.extend("refusing", async ({ databaseUrl, schema }, { onCleanup }) => {
  const state = { refuses: true };
  const picky = defineProjection<{ type: string; data: { n: number } }>({
    name: "picky",
    mode: "inline",
    handles: ["Reminded"],
    handle: ({ data }) => {
      if (data.n < 0 && state.refuses) throw new Error("no negative numbers");
    },
  });
  const store: EventStore = await openEventStore(databaseUrl, { schema, projections: [picky] });
  onCleanup(() => store.close());
  return Object.assign(state, { store });
});

describe("a timer whose event cannot be appended", () => {
  test("holds no other up, says so once, and is tried again", async ({ refusing, fire }) => {
    const { store } = refusing;
    await store.schedule("reminder-1", reminded(1), { key: "before", at: new Date(0) });
    const { eventId } = await store.schedule("reminder-1", reminded(-1), { key: "poison", at: new Date(1) });
    for (let n = 2; n < 10; n++) await store.schedule("reminder-1", reminded(n), { key: `after-${n}`, at: new Date(n) });
    const { errors } = await fire(store);
    const events = await firedIn(store, "reminder-1", 9);
    expect(events.map(({ data }) => data)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => ({ n })));
    const [timer] = await store.timers.list();
    expect(timer).toMatchObject({ key: "poison", parked: false, error: { code: "PROJECTION_FAILED" } });
    // More where it is looked at later than it is tried again, after a second.
    expect(timer?.attempts).toBeGreaterThanOrEqual(1);
    expect(timer?.error?.message).toContain("no negative numbers");
    expect(timer?.nextTryAt).toBeInstanceOf(Date);
    expect(errors.map((error) => isTidemarkError(error, "TIMER_FAILED") && [error.key, error.streamId, error.attempts, error.parked])).toEqual([
      ["poison", "reminder-1", 1, false],
    ]);
    refusing.refuses = false;
    expect((await firedIn(store, "reminder-1", 10)).at(-1)?.id).toBe(eventId);
    expect(await store.timers.list()).toEqual([]);
  });

  test("is parked after ten attempts, and fires once it is set again", async ({ refusing, sql, q, fire }) => {
    const { store } = refusing;
    await store.schedule("reminder-1", reminded(-1), { key: "poison", at: new Date(0) });
    await sql.query(`update ${q}.timers set attempts = 9, next_try_at = '2000-01-01'`);
    const { errors } = await fire(store);
    await eventually(() => expect(errors).toMatchObject([{ code: "TIMER_FAILED", attempts: 10, parked: true }]));
    expect(errors[0]?.message).toContain("mend the cause, then set the timer again");
    expect(await store.timers.list()).toMatchObject([{ key: "poison", attempts: 10, parked: true, nextTryAt: undefined }]);
    expect(await store.timers.list({ dueBefore: new Date(1) })).toHaveLength(1);
    await store.schedule("reminder-1", reminded(1), { key: "poison", in: 0 });
    expect(await firedIn(store, "reminder-1")).toMatchObject([{ data: { n: 1 } }]);
  });

  test("of a repeated id is done where the event is in the log, and fails where it is another one", async ({ store, fire }) => {
    const [same, other] = [crypto.randomUUID(), crypto.randomUUID()];
    await store.appendToStream("reminder-1", [
      { ...reminded(1), id: same },
      { ...reminded(2), id: other },
    ]);
    await store.schedule("reminder-1", { ...reminded(1), id: same }, { key: "same", at: new Date(0) });
    await store.schedule("reminder-1", { ...reminded(9), id: other }, { key: "other", at: new Date(0) });
    await fire();
    await eventually(async () => expect(await store.timers.list()).toMatchObject([{ key: "other", error: { code: "DUPLICATE_EVENT" } }]));
    expect(await eventsOf(store, "reminder-1")).toHaveLength(2);
  });
});

test("timers for a stream that a transaction holds wait for it, in order, and no other does", async ({ store, fire, client }) => {
  await store.appendToStream("reminder-1", [reminded(0)]);
  const own = await client();
  await own.query("begin");
  await store.withTransaction(own).appendToStream("reminder-1", [reminded(1)]);
  const keys = [2, 3, 4, 5];
  for (const n of keys) await store.schedule("reminder-1", reminded(n), { key: `r-${n}`, at: new Date(n) });
  await store.schedule("reminder-2", reminded(9), { key: "free", at: new Date(9) });
  const { errors } = await fire();
  await firedIn(store, "reminder-2");
  expect(await eventsOf(store, "reminder-1")).toHaveLength(1);
  await own.query("commit");
  expect((await firedIn(store, "reminder-1", 6)).map(({ data }) => data)).toEqual([0, 1, ...keys].map((n) => ({ n })));
  expect(errors).toEqual([]);
});

test("timers behind one that is blocked do not overtake it, though the stream is free by their turn", async ({ store, sql, q, fire, client }) => {
  await store.appendToStream("reminder-1", [reminded(0)]);
  const own = await client();
  await own.query("begin");
  await store.withTransaction(own).appendToStream("reminder-1", [reminded(1)]);
  const keys = [2, 3, 4, 5];
  for (const n of keys) await store.schedule("reminder-1", reminded(n), { key: `r-${n}`, at: new Date(n) });
  await fire();
  // The first one has been tried alone, and waits: at this moment, the second one's turn comes.
  await eventually(async () => expect((await sql.query(`select from ${q}.timers where key = 'r-2' and next_try_at is not null`)).rowCount).toBe(1));
  await own.query("commit");
  expect((await firedIn(store, "reminder-1", 6)).map(({ data }) => data)).toEqual([0, 1, ...keys].map((n) => ({ n })));
});

test("an outage is told of once, and timers fire when it is over", async ({ store, sql, q, fire }) => {
  await store.schedule("reminder-1", reminded(1), { key: "r-1", at: new Date(0) });
  await sql.query(`alter table ${q}.timers rename to gone`);
  const { errors } = await fire();
  await eventually(() => expect(errors).toMatchObject([{ code: "DATABASE", sqlState: "42P01" }]));
  await sql.query(`alter table ${q}.gone rename to timers`);
  await firedIn(store, "reminder-1");
  expect(errors).toHaveLength(1);
});
