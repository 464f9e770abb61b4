import { backoffMs } from "../async/retry.ts";

export interface RetryPolicy {
  readonly attempts: number;
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
  readonly factor: number;
  readonly jitter: boolean;
}

/**
 * How long to wait after a failed attempt: `minDelayMs` after the first, then `factor` times more each time, at most
 * `maxDelayMs`. With jitter between a half of it and all.
 *
 * @param failed - Attempts that failed: 1 or more.
 * @param random - From 0 to 1.
 */
export function delayAfter({ minDelayMs, maxDelayMs, factor, jitter }: RetryPolicy, failed: number, random: () => number = Math.random): number {
  return backoffMs({ firstMs: minDelayMs, mostMs: maxDelayMs, factor, jitter }, failed, random);
}
