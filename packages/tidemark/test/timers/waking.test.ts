import { vi } from "vitest";
import { newId } from "../../src/arguments/uuid.ts";
import { Feed } from "../../src/feed/feed.ts";
import { TimerAlarm } from "../../src/timers/timer-alarm.ts";
import { open } from "../database/open.ts";
import { eventually, expect, firedIn, reminded, test } from "./test.ts";

test("a timer that is due soon wakes those that fire timers in other processes", async ({ store, databaseUrl, schema }) => {
  await using opened = await open(databaseUrl);
  const feed = new Feed(opened.database, schema, console);
  const leave = feed.keepListening();
  try {
    // Set again until the feed has a connection that listens.
    await eventually(async () => {
      await store.schedule("reminder-1", reminded(), { key: newId(), in: 0 });
      expect(await feed.timersSet.wait({ ms: 50 })).toBe(true);
    });
  } finally {
    leave();
    await feed.drain();
    await feed.stop();
  }
});

test("an alarm is for timers that are due before the next look", () => {
  let notified = 0;
  const alarm = new TimerAlarm({ timersSet: Object(undefined), notifyTimers: () => void notified++ });
  for (const inMs of [-5, 0, 1_400]) alarm.set(inMs);
  expect(notified).toBe(3);
  for (const inMs of [1_600, 2 ** 31, Number.POSITIVE_INFINITY]) alarm.set(inMs);
  expect(notified).toBe(3);
});

test("a worker sleeps until the next timer is due, as the database sees it, and is woken by an earlier one", async ({ store, fire }) => {
  const hour = 3_600_000;
  const wait = vi.spyOn(TimerAlarm.prototype, "wait");
  try {
    await store.schedule("reminder-1", reminded(1), { key: "later", in: hour });
    await fire();
    const [first] = await eventually(() => {
      expect(wait).toHaveBeenCalled();
      return wait.mock.calls;
    });
    // What is left of an hour: it would look in vain before.
    expect(first?.[0]).toBeLessThanOrEqual(hour);
    expect(first?.[0]).toBeGreaterThan(hour / 2);
    await store.schedule("reminder-2", reminded(2), { key: "sooner", in: 0 });
    await firedIn(store, "reminder-2");
    expect(await store.timers.list()).toMatchObject([{ key: "later" }]);
  } finally {
    wait.mockRestore();
  }
});

test("a timer that is due in years is no reason to look all the time, nor one to sleep for years", async ({ store, fire }) => {
  await store.schedule("reminder-1", reminded(1), { key: "far", in: 3_155_760_000_000 });
  await fire();
  await store.schedule("reminder-2", reminded(2), { key: "near", in: 0 });
  await firedIn(store, "reminder-2");
});
