import { backoffMs, retry, type RetryOptions } from "../../src/async/retry.ts";
import { describe, expect, test } from "../support/test.ts";

const quick: RetryOptions = { firstMs: 1, mostMs: 1, retryable: () => true };

/** Fails with each of `failures` in turn, then gives the number of the try. */
function failing(...failures: readonly unknown[]): () => Promise<number> {
  let tries = 0;
  return async () => {
    if (tries < failures.length) return await Promise.reject(failures[tries++]);
    return tries + 1;
  };
}

describe("a retry", () => {
  test("ends with the first success, and what is thrown need not be an Error", async () => {
    await expect(retry(failing("a", undefined, new TypeError("b")), quick)).resolves.toBe(4);
  });

  test("ends with a failure as it was thrown, where it is none that passes or the tries are used up", async () => {
    await expect(retry(failing("passes", "stays"), { ...quick, retryable: (error) => error === "passes" })).rejects.toBe("stays");
    await expect(retry(failing(1, 2, 3), { ...quick, attempts: 2 })).rejects.toBe(2);
    await expect(retry(failing(1), { ...quick, withinMs: 0 })).rejects.toBe(1);
  });

  test("says what it goes on after", async () => {
    const said: unknown[] = [];
    await retry(failing(1, 2), { ...quick, onRetry: (error) => said.push(error) });
    expect(said).toEqual([1, 2]);
  });

  test("ends in a pause at an abort, with its reason", async () => {
    const ending = new AbortController();
    const waiting = retry(failing(1), {
      ...quick,
      firstMs: 60_000,
      mostMs: 60_000,
      signal: ending.signal,
      onRetry: () => queueMicrotask(() => ending.abort("gone")),
    });
    await expect(waiting).rejects.toBe("gone");
  });

  test("lets a try that succeeds count, though the signal aborted meanwhile", async () => {
    const ending = new AbortController();
    await expect(
      retry(
        async () => {
          ending.abort();
          return 1;
        },
        { ...quick, signal: ending.signal },
      ),
    ).resolves.toBe(1);
  });
});

test("a pause doubles up to its most, and jitter takes at most a half away", () => {
  const backoff = { firstMs: 100, mostMs: 1_000 };
  expect([1, 2, 3, 4, 5, 6].map((failures) => backoffMs(backoff, failures, () => 1))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  expect(backoffMs(backoff, 3, () => 0)).toBe(200);
  expect(backoffMs({ ...backoff, jitter: false }, 3, () => 0)).toBe(400);
});
