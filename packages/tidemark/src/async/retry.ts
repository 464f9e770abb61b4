import { pause } from "./pause.ts";

/** How pauses between tries grow. In milliseconds. */
export interface Backoff {
  readonly firstMs: number;
  readonly mostMs: number;
  /** By how much each pause is longer than the one before. @defaultValue 2 */
  readonly factor?: number;
  /** Between a half of the pause and all of it, so that those who failed together do not meet again. @defaultValue true */
  readonly jitter?: boolean;
}

/**
 * How long to wait before the next try.
 *
 * @param failures - How many tries in a row have failed: 1 or more.
 * @param random - From 0 to 1.
 */
export function backoffMs({ firstMs, mostMs, factor = 2, jitter = true }: Backoff, failures: number, random: () => number = Math.random): number {
  const full = Math.min(mostMs, firstMs * factor ** (failures - 1));
  return jitter ? full * (0.5 + random() / 2) : full;
}

export interface RetryOptions extends Backoff {
  /** Whether another try can succeed. What was thrown need not be an `Error`. */
  readonly retryable: (error: unknown) => boolean;
  /** Tries, the first included. @defaultValue no bound */
  readonly attempts?: number | undefined;
  /** No try begins later than this after the call. @defaultValue no bound */
  readonly withinMs?: number | undefined;
  /** Ends a pause, and rejects with its reason then. A try that runs is not its business: it may have written. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each pause. */
  readonly onRetry?: (error: unknown) => void;
}

/** Tries until it succeeds, and rejects with the last failure as it was thrown. Its pauses keep the process running. */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { retryable, attempts = Number.POSITIVE_INFINITY, withinMs = Number.POSITIVE_INFINITY, signal, onRetry } = options;
  const end = performance.now() + withinMs;
  for (let failures = 1; ; failures++) {
    try {
      return await attempt();
    } catch (error) {
      const leftMs = end - performance.now();
      if (failures >= attempts || leftMs <= 0 || !retryable(error)) throw error;
      onRetry?.(error);
      await pause(Math.min(backoffMs(options, failures), leftMs), signal, { keepsProcess: true });
    }
  }
}
