import { nextDue } from "../../src/timers/cron.ts";
import { describe, eventually, expect, firedIn, reminded, test } from "./test.ts";

/** The next due times, as clocks in UTC show them. */
function dueTimes(cron: string, timeZone: string, after: string, count: number): string[] {
  const times: string[] = [];
  for (let at = Date.parse(after); times.length < count;) {
    const next = nextDue({ cron, timeZone }, at);
    if (next === undefined) break;
    times.push(new Date(next).toISOString().replace(":00.000Z", ""));
    at = next;
  }
  return times;
}

describe("a clock change", () => {
  // Europe/Rome: on 29 March 2026 the clocks went from 2:00 to 3:00, on 25 October from 3:00 back to 2:00.
  // America/New_York: on 8 March 2026 from 2:00 to 3:00, on 1 November from 2:00 back to 1:00.
  test.for([
    ["a daily time stays the same on the wall", "0 9 * * *", "Europe/Rome", "2026-03-28T00:00Z", ["2026-03-28T08:00", "2026-03-29T07:00", "2026-03-30T07:00"]],
    ["a daily time stays the same on the wall", "0 9 * * *", "Europe/Rome", "2026-10-24T00:00Z", ["2026-10-24T07:00", "2026-10-25T08:00", "2026-10-26T08:00"]],
    ["a skipped time is due at the change", "30 2 * * *", "Europe/Rome", "2026-03-28T00:00Z", ["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"]],
    [
      "a skipped time is due at the change",
      "30 2 * * *",
      "America/New_York",
      "2026-03-07T00:00Z",
      ["2026-03-07T07:30", "2026-03-08T07:00", "2026-03-09T06:30"],
    ],
    ["a repeated time is due once", "30 2 * * *", "Europe/Rome", "2026-10-24T00:00Z", ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]],
    ["a repeated time is due once", "30 1 * * *", "America/New_York", "2026-10-31T00:00Z", ["2026-10-31T05:30", "2026-11-01T05:30", "2026-11-02T06:30"]],
    ["every hour is due every hour", "0 * * * *", "Europe/Rome", "2026-03-29T00:30Z", ["2026-03-29T01:00", "2026-03-29T02:00", "2026-03-29T03:00"]],
    ["every hour is due every hour", "0 * * * *", "Europe/Rome", "2026-10-24T23:30Z", ["2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00"]],
    [
      "every half hour is due every half hour",
      "*/30 * * * *",
      "America/New_York",
      "2026-03-08T06:15Z",
      ["2026-03-08T06:30", "2026-03-08T07:00", "2026-03-08T07:30"],
    ],
    [
      "every half hour is due every half hour",
      "*/30 * * * *",
      "America/New_York",
      "2026-11-01T05:15Z",
      ["2026-11-01T05:30", "2026-11-01T06:00", "2026-11-01T06:30"],
    ],
  ] as const)("%s (%s in %s after %s)", ([, cron, timeZone, after, expected]) => {
    expect(dueTimes(cron, timeZone, after, 3)).toEqual(expected);
  });
});

test("a pattern has as many due times as its fields say", () => {
  expect(dueTimes("0 9 * * 1", "Europe/Rome", "2026-10-20T12:00Z", 2)).toEqual(["2026-10-26T08:00", "2026-11-02T08:00"]);
  expect(dueTimes("@monthly", "UTC", "2026-10-20T12:00Z", 2)).toEqual(["2026-11-01T00:00", "2026-12-01T00:00"]);
  expect(dueTimes("0 0 12 1 1 * 2027", "UTC", "2026-10-20T12:00Z", 2)).toEqual(["2027-01-01T12:00"]);
  expect(dueTimes("0 0 30 2 *", "UTC", "2026-10-20T12:00Z", 2)).toEqual([]);
});

describe("a recurring timer", () => {
  test("appends an event for each due time, with an id of its own, and goes on until it is cancelled", async ({ store, fire }) => {
    await fire();
    const { dueAt } = await store.schedule("reminder-1", reminded(), { key: "r-1", cron: "* * * * * *" });
    const [first, second] = await firedIn(store, "reminder-1", 2);
    expect(first?.metadata).toEqual({ timer: { key: "r-1", dueAt: dueAt.toISOString() } });
    expect(first?.id).not.toBe(second?.id);
    const [timer] = await store.timers.list();
    expect(timer).toMatchObject({ key: "r-1", cron: "* * * * * *", timeZone: "UTC", missed: "once" });
    expect(timer?.dueAt.getTime()).toBeGreaterThan(dueAt.getTime());
    expect(await store.timers.cancel("r-1")).toBe(true);
    expect(await store.timers.list()).toEqual([]);
  });

  test.for([
    { missed: "once" as const, events: ["2026-03-01T06:00:00.000Z"] },
    { missed: "each" as const, events: ["2026-03-01T06:00:00.000Z", "2026-06-01T05:00:00.000Z", "2026-09-01T05:00:00.000Z"] },
  ])("that missed due times makes up for them: $missed", async ({ missed, events }, { store, sql, q, fire }) => {
    // Due on the first of three months at 7:00 in Rome, and not again before the year 2050.
    await store.schedule("reminder-1", reminded(), { key: "r-1", cron: "0 0 7 1 3,6,9 * 2026,2050", timeZone: "Europe/Rome", missed });
    await sql.query(`update ${q}.timers set due_at = '2026-03-01T06:00Z'`);
    await fire();
    await eventually(async () => expect(await store.timers.list()).toMatchObject([{ dueAt: new Date("2050-03-01T06:00Z") }]));
    const fired = await firedIn(store, "reminder-1", events.length);
    expect(fired.map(({ metadata }) => metadata["timer"])).toEqual(events.map((dueAt) => ({ key: "r-1", dueAt })));
  });

  test("ends where its pattern names no later time", async ({ store, sql, q, fire }) => {
    await store.schedule("reminder-1", reminded(), { key: "r-1", cron: "0 0 7 1 3 * 2050" });
    await sql.query(`update ${q}.timers set cron = '0 0 7 1 3 * 2026', due_at = '2026-03-01T07:00Z'`);
    await fire();
    await firedIn(store, "reminder-1");
    expect(await store.timers.list()).toEqual([]);
  });

  test("that is set again keeps its due time, unless pattern or time zone changed", async ({ store, sql, q }) => {
    const dueAt = new Date("2026-03-01T06:00Z");
    const overdue = async (): Promise<void> => void (await sql.query(`update ${q}.timers set due_at = $1, next_try_at = 'infinity', attempts = 10`, [dueAt]));
    const daily = { key: "r-1", cron: "0 7 * * *", timeZone: "Europe/Rome" } as const;
    await store.schedule("reminder-1", reminded(1), daily);
    await overdue();
    expect((await store.schedule("reminder-2", reminded(2), { ...daily, missed: "each" })).dueAt).toEqual(dueAt);
    expect(await store.timers.list()).toMatchObject([{ streamId: "reminder-2", missed: "each", attempts: 0, parked: false }]);
    for (const changed of [
      { ...daily, timeZone: "Europe/Athens" },
      { ...daily, cron: "0 8 * * *" },
      { key: "r-1", in: 3_600_000 },
    ] as const) {
      await overdue();
      expect((await store.schedule("reminder-1", reminded(3), changed)).dueAt.getTime()).toBeGreaterThan(dueAt.getTime());
    }
  });
});
