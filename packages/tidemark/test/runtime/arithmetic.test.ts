import fc from "fast-check";
import { CircuitBreaker } from "../../src/consumers/circuit-breaker.ts";
import { delayAfter } from "../../src/runtime/retry-policy.ts";
import { type FollowerView, nextHeartbeatMs, allocate } from "../../src/runtime/shard-allocation.ts";
import { describe, expect, test } from "../support/test.ts";

describe("the delay before the next try", () => {
  test("grows by the factor up to its most, and jitter takes at most a half away", () => {
    const policy = { attempts: 9, minDelayMs: 100, maxDelayMs: 1_000, factor: 2, jitter: false };
    expect([1, 2, 3, 4, 5, 6].map((failed) => delayAfter(policy, failed))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failed, random) => {
        const full = delayAfter(policy, failed);
        const delay = delayAfter({ ...policy, jitter: true }, failed, () => random);
        expect(delay).toBeGreaterThanOrEqual(full / 2);
        expect(delay).toBeLessThanOrEqual(full);
      }),
    );
  });
});

describe("fair shares", () => {
  const view = (quota: number, free: readonly number[], nextEndMs: number | null = null): FollowerView => ({
    name: "c",
    paused: false,
    retryRequested: false,
    quota,
    free,
    nextEndMs,
  });

  test("never take more than the quota, nor keep more, and take all there is for it", () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(20), fc.nat(20), (quota, held, count) => {
        const free = Array.from({ length: count }, (_, n) => n);
        const { take, surplus } = allocate(view(quota, free), held);
        expect(held + take.length - surplus).toBe(Math.min(quota, held + count));
        expect(take.length === 0 || surplus === 0).toBe(true);
      }),
    );
  });

  test("make a worker look again soon while it is hungry, and when another's lease ends", () => {
    expect(nextHeartbeatMs(15_000, [view(2, [])], () => 2)).toBe(5_000);
    expect(nextHeartbeatMs(15_000, [view(2, [])], () => 1)).toBe(1_000);
    expect(nextHeartbeatMs(15_000, [view(2, [], 300)], () => 2)).toBe(320);
    expect(nextHeartbeatMs(15_000, [view(2, [], 12_000)], () => 2)).toBe(5_000);
  });
});

test("a circuit breaker opens after so many failures in a row, and closes at a success", () => {
  const breaker = new CircuitBreaker(2);
  breaker.gaveUp();
  breaker.succeeded();
  breaker.gaveUp();
  expect(breaker.open).toBe(false);
  breaker.gaveUp();
  expect(breaker.open).toBe(true);
  breaker.succeeded();
  expect(breaker.open).toBe(false);
  const never = new CircuitBreaker(undefined);
  for (let n = 0; n < 100; n++) never.gaveUp();
  expect(never.open).toBe(false);
});
