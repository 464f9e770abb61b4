import { describe, expect, test } from "vitest";
import { Durations } from "../../src/counters/durations.ts";
import { Occupancy } from "../../src/counters/occupancy.ts";
import { Rate } from "../../src/counters/rate.ts";
import { MarkHistory } from "../../src/feed/mark-history.ts";
import { drainMs } from "../../src/runtime/follower-metrics.ts";

/** A clock that stands until it is set. */
class Time {
  ms = 5_000;
  readonly now = (): number => this.ms;
}

describe("a rate", () => {
  test("is that of the last minute, or since the start", () => {
    const time = new Time();
    const rate = new Rate(time.now);
    expect(rate.perSecond).toBe(0);
    rate.add(30);
    time.ms += 10_000;
    rate.add(30);
    expect([rate.total, rate.perSecond]).toEqual([60, 6]);
    time.ms += 49_000;
    expect(rate.perSecond).toBeCloseTo(60 / 59);
    time.ms += 2_000;
    // The first 30 are older than a minute.
    expect([rate.total, rate.perSecond]).toEqual([60, 0.5]);
  });

  test("forgets all after a pause of any length", () => {
    const time = new Time();
    const rate = new Rate(time.now);
    for (let second = 0; second < 60; second++) {
      rate.add(1);
      time.ms += 1_000;
    }
    time.ms += 3_600_000 + 7_000;
    expect([rate.total, rate.perSecond]).toEqual([60, 0]);
    rate.add(6);
    expect(rate.perSecond).toBeCloseTo(0.1);
  });
});

describe("durations", () => {
  test("have a mean, a longest, and a percentile to within a tenth", () => {
    const durations = new Durations();
    expect(durations.metrics()).toEqual({ count: 0, meanMs: null, p99Ms: null, mostMs: null });
    for (let ms = 1; ms <= 1_000; ms++) durations.add(ms);
    const { count, meanMs, p99Ms, mostMs } = durations.metrics();
    expect([count, meanMs, mostMs]).toEqual([1_000, 500.5, 1_000]);
    expect(p99Ms).toBeGreaterThanOrEqual(990);
    expect(p99Ms).toBeLessThanOrEqual(1_000);
  });

  test.for([0, 0.001, 0.5, 7, 30_000, 86_400_000])("of %d ms are told as such", (ms) => {
    const durations = new Durations();
    durations.add(ms);
    expect(durations.metrics()).toEqual({ count: 1, meanMs: ms, p99Ms: ms, mostMs: ms });
  });

  test("count for one to two minutes", () => {
    const time = new Time();
    const durations = new Durations(time.now);
    durations.add(100);
    time.ms += 61_000;
    durations.add(1);
    expect(durations.metrics()).toMatchObject({ count: 2, mostMs: 100 });
    time.ms += 60_000;
    expect(durations.metrics()).toMatchObject({ count: 1, mostMs: 1 });
    time.ms += 600_000;
    expect(durations.metrics().count).toBe(0);
  });
});

test("an occupancy tells how many are in use, at most, and on average", () => {
  const time = new Time();
  const occupancy = new Occupancy(time.now);
  occupancy.taken();
  occupancy.taken();
  time.ms += 10_000;
  occupancy.left();
  time.ms += 10_000;
  expect([occupancy.inUse, occupancy.peak, occupancy.mean]).toEqual([1, 2, 1.5]);
  occupancy.left();
  time.ms += 100_000;
  expect([occupancy.inUse, occupancy.peak]).toEqual([0, 2]);
  expect(occupancy.mean).toBeCloseTo(30 / 120);
  time.ms += 60_000;
  expect(occupancy.mean).toBe(0);
});

describe("what is remembered of marks", () => {
  test("tells since when there is something after a position", () => {
    const time = new Time();
    const history = new MarkHistory(time.now);
    expect([history.behindMs(0), history.movedAgoMs]).toEqual([0, null]);
    history.read(10);
    expect([history.behindMs(10), history.behindMs(9), history.movedAgoMs]).toEqual([0, 0, null]);
    time.ms += 1_000;
    history.read(20);
    time.ms += 2_000;
    history.read(30);
    history.read(30);
    time.ms += 4_000;
    expect([30, 29, 20, 19, 10, 9, 0].map((position) => history.behindMs(position))).toEqual([0, 4_000, 4_000, 6_000, 6_000, 7_000, 7_000]);
    expect(history.movedAgoMs).toBe(4_000);
  });

  test("is bounded, whatever was read, and starts again where the log was lost", () => {
    const time = new Time();
    const history = new MarkHistory(time.now);
    for (let position = 1; position <= 10_000; position++) {
      history.read(position);
      time.ms += 1_000;
    }
    expect(history.behindMs(9_990)).toBe(10_000);
    expect(history.behindMs(0)).toBeLessThanOrEqual(1_801_000);
    expect(history.perSecond).toBeCloseTo(1, 1);
    history.read(40);
    time.ms += 500;
    expect([history.behindMs(39), history.behindMs(40), history.behindMs(9_000)]).toEqual([500, 0, 0]);
  });
});

test("the time to drain counts what comes meanwhile", () => {
  expect(drainMs(0, 0, 5)).toBe(0);
  expect(drainMs(1_000, 110, 10)).toBe(10_000);
  expect(drainMs(1_000, 10, 10)).toBeNull();
});
