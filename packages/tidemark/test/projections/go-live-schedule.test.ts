import { expect, onTestFinished, test, vi } from "vitest";
import { GoLiveSchedule } from "../../src/projections/go-live-schedule.ts";

test("a projection is tried to go live again within seconds, however often it could not", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const schedule = new GoLiveSchedule(() => Promise.resolve(false));
  expect(schedule.dueInMs).toBe(0);
  await schedule.attempt();
  expect(schedule.dueInMs).toBeLessThanOrEqual(200);
  for (let tries = 0; tries < 50; tries++) await schedule.attempt();
  expect(schedule.dueInMs).toBeGreaterThanOrEqual(2_500);
  expect(schedule.dueInMs).toBeLessThanOrEqual(5_000);
});
