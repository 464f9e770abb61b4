import { describe, expect, onTestFinished, test, vi } from "vitest";
import { FlushSchedule } from "../../../src/projections/rebuild/flush-schedule.ts";

const few = { bytes: 100, changedBytes: 100 };

/** Of a build of positions 1 to 1,000 that began now, by a clock that the test moves. */
function schedule(): FlushSchedule {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  return new FlushSchedule({ memoryBytes: 1_000, flushEveryMs: 5_000 }, 0);
}

describe("a build writes what it has folded", () => {
  test("once its time is over", () => {
    const flushes = schedule();
    vi.advanceTimersByTime(5_000);
    expect(flushes.isDue(few, 100, 1_000)).toBe(false);
    vi.advanceTimersByTime(1);
    expect(flushes.isDue(few, 100, 1_000)).toBe(true);
  });

  test("at once where memory is full, or half full of what is not written", () => {
    const flushes = schedule();
    expect(flushes.isDue({ bytes: 1_001, changedBytes: 0 }, 100, 1_000)).toBe(true);
    expect(flushes.isDue({ bytes: 600, changedBytes: 501 }, 100, 1_000)).toBe(true);
    expect(flushes.isDue({ bytes: 1_000, changedBytes: 500 }, 100, 1_000)).toBe(false);
  });

  test("never more often than takes an eighth of the time", () => {
    const flushes = schedule();
    flushes.begin();
    vi.advanceTimersByTime(2_000);
    flushes.end();
    vi.advanceTimersByTime(14_000);
    expect(flushes.isDue(few, 100, 1_000)).toBe(false);
    vi.advanceTimersByTime(1);
    expect(flushes.isDue(few, 100, 1_000)).toBe(true);
  });

  test("not near its end, where it writes everything anyway, but at last after twice the time", () => {
    const flushes = schedule();
    vi.advanceTimersByTime(6_000);
    // It has 4 seconds to go.
    expect(flushes.isDue(few, 600, 1_000)).toBe(false);
    expect(flushes.isDue(few, 500, 1_000)).toBe(true);
    vi.advanceTimersByTime(4_001);
    expect(flushes.isDue(few, 999, 1_000)).toBe(true);
  });
});
