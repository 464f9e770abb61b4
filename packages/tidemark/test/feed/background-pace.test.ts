import { describe, expect, onTestFinished, test, vi } from "vitest";
import { BackgroundPace } from "../../src/feed/background-pace.ts";
import { Headway } from "../../src/feed/headway.ts";

/** A log that grows when the test says so, and a clock that the test moves. */
function background(): { readonly log: { position: number; looks: number }; readonly pace: BackgroundPace } {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const log = { position: 1_000, looks: 0 };
  const readRecent = async (): Promise<{ position: number }> => {
    log.looks++;
    return { position: log.position };
  };
  return { log, pace: new BackgroundPace({ readRecent }) };
}

const never = new AbortController().signal;

/** Moves the clock from timer to timer. */
async function untilSettled(work: Promise<unknown>): Promise<void> {
  const settled = { yet: false };
  const noted = work.finally(() => (settled.yet = true));
  for (let turns = 0; !settled.yet; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    // What waits for no timer needs a turn or two.
    if (turns > 3 && !settled.yet) vi.advanceTimersToNextTimer();
  }
  await noted;
}

/** A slice of so many milliseconds; resolves with the milliseconds of its rest. */
async function work(pace: BackgroundPace, ms: number, signal = never, headway?: Headway): Promise<number> {
  const since = performance.now();
  vi.advanceTimersByTime(ms);
  const ended = performance.now();
  await untilSettled(pace.rest(since, signal, headway));
  return performance.now() - ended;
}

describe("work in the background", () => {
  test("goes on at once while the log stands still, and looks at it four times a second", async () => {
    const { log, pace } = background();
    // It takes two looks to know.
    for (let slice = 0; slice < 3; slice++) expect(await work(pace, 2)).toBe(8);
    const looks = log.looks;
    for (let slice = 0; slice < 500; slice++) expect(await work(pace, 2)).toBe(0);
    expect([looks, log.looks]).toEqual([1, 5]);
  });

  test("rests, reads small pages and looks again soon until it knows whether the log grows", async () => {
    const { log, pace } = background();
    expect([pace.busy, pace.pageRows]).toEqual([true, 100]);
    expect(await work(pace, 2)).toBe(8);
    // A slice that was long may not wait long for nothing.
    expect(await work(pace, 100)).toBe(0);
    expect([pace.busy, pace.pageRows, log.looks]).toEqual([false, Number.POSITIVE_INFINITY, 2]);
    const another = background();
    expect(await work(another.pace, 100)).toBe(25);
    another.log.position++;
    expect(await work(another.pace, 2)).toBe(8);
    expect([another.pace.busy, another.pace.pageRows, another.log.looks]).toEqual([true, 100, 2]);
  });

  test("gets a share of the time while the log grows, and all of it a second after it grew last", async () => {
    const { log, pace } = background();
    await work(pace, 2);
    log.position++;
    vi.advanceTimersByTime(300);
    expect(await work(pace, 2)).toBe(8);
    expect(await work(pace, 10)).toBe(40);
    vi.advanceTimersByTime(1_100);
    expect(await work(pace, 2)).toBe(0);
  });

  test("shares that share between those who work at the same time", async () => {
    const { log, pace } = background();
    await work(pace, 2);
    log.position++;
    vi.advanceTimersByTime(300);
    await work(pace, 2);
    const began = performance.now();
    let slices = 0;
    const working = [1, 2, 3].map(async () => {
      while (performance.now() < began + 400) {
        const since = performance.now();
        vi.advanceTimersByTime(2);
        slices++;
        await pace.rest(since, never);
      }
    });
    await untilSettled(Promise.all(working));
    // A fifth of 400 ms, 2 ms each, and what was begun together.
    expect(slices).toBeGreaterThanOrEqual(38);
    expect(slices).toBeLessThanOrEqual(44);
  });

  test("reads small pages while the log grows", async () => {
    const { log, pace } = background();
    await work(pace, 2);
    vi.advanceTimersByTime(300);
    await work(pace, 2);
    expect(pace.pageRows).toBe(Number.POSITIVE_INFINITY);
    log.position++;
    vi.advanceTimersByTime(300);
    await work(pace, 2);
    expect(pace.pageRows).toBe(100);
  });

  test("is not held up by what was appended long before", async () => {
    const { log, pace } = background();
    await work(pace, 2);
    log.position += 100;
    vi.advanceTimersByTime(60_000);
    // As at the beginning, until another look tells.
    for (let slice = 0; slice < 3; slice++) expect(await work(pace, 2)).toBe(8);
    expect(await work(pace, 2)).toBe(0);
  });

  test("rests for no longer than a second, however long it worked", async () => {
    const { log, pace } = background();
    await work(pace, 2);
    log.position++;
    vi.advanceTimersByTime(300);
    expect(await work(pace, 5_000)).toBe(1_000);
  });

  test("rests less, step by step, while its reader is not twice as fast as the log grows, from its second second on", async () => {
    const { log, pace } = background();
    const headway = new Headway(0);
    await work(pace, 2, never, headway);
    log.position += 3_000;
    vi.advanceTimersByTime(300);
    // The log grows by 10,000 a second.
    expect(await work(pace, 2, never, headway)).toBe(8);
    vi.advanceTimersByTime(700);
    const behind = [140, 73, 29, 0, 0].map((rest) => [1_000, rest] as const);
    const ahead = [29, 73, 140, 240].map((rest) => [90_000, rest] as const);
    for (const [reached, rest] of [...behind, ...ahead]) {
      log.position += 2_600;
      headway.reached(reached);
      // Timers count whole milliseconds, and what is left of one rest is added to the next.
      expect(Math.abs((await work(pace, 60, never, headway)) - rest)).toBeLessThan(4);
      vi.advanceTimersByTime(260);
    }
  });

  test("does not look in a transaction: its connection may be the only one", async () => {
    const { log, pace } = background();
    const since = performance.now();
    vi.advanceTimersByTime(2);
    await untilSettled(pace.restInTransaction(since, never));
    expect([performance.now() - since, log.looks]).toEqual([10, 0]);
    await work(pace, 2);
    log.position++;
    vi.advanceTimersByTime(300);
    await untilSettled(pace.restInTransaction(performance.now() - 2, never));
    expect(log.looks).toBe(1);
  });

  test("ends its rest when it is told to", async () => {
    const { log, pace } = background();
    await work(pace, 2);
    log.position++;
    vi.advanceTimersByTime(300);
    expect(await work(pace, 60_000, AbortSignal.abort(new Error("enough")))).toBe(0);
  });
});
