import pRetry from "p-retry";
import { isTidemarkError } from "../errors.ts";

/** An attempt that came too late: what it decided on has changed. Never leaves this room. */
class Outdated extends Error {
  /** What the caller gets when it was the last attempt. */
  readonly outcome: unknown;

  constructor(outcome: unknown) {
    super("outdated");
    this.outcome = outcome;
  }
}

/** Ends an attempt that has to be made again; after the last one `outcome` is thrown. */
export function startAgain(outcome: unknown): never {
  throw new Outdated(outcome);
}

/** Runs an append. When others came between, the attempt starts again: `decide` can throw conflicts of its own, which do not count. */
export async function orStartAgain<T>(append: Promise<T>, isOutdated: (error: unknown) => boolean = isConflict): Promise<T> {
  try {
    return await append;
  } catch (error) {
    if (isOutdated(error)) return startAgain(error);
    throw error;
  }
}

export function isConflict(error: unknown): boolean {
  return isTidemarkError(error, "VERSION_CONFLICT");
}

/**
 * Makes attempts, numbered from 1, until one is not outdated. Between them a pause that doubles and is drawn at random, or
 * those who met once would meet again.
 *
 * The signal is not p-retry's business: it would report an attempt that was aborted too late, and wrote, as aborted. Nor is
 * the error: what `decide` throws need not be an Error, and p-retry makes a TypeError of such a thing.
 */
export async function attemptUpTo<T>(attempts: number, signal: AbortSignal | undefined, attempt: (number: number) => Promise<T>): Promise<T> {
  let failure: unknown;
  const attempted = pRetry(
    async (number) => {
      try {
        signal?.throwIfAborted();
        return await attempt(number);
      } catch (error) {
        failure = error;
        throw error;
      }
    },
    { retries: attempts - 1, minTimeout: 5, maxTimeout: 250, randomize: true, shouldRetry: () => failure instanceof Outdated },
  );
  return attempted.catch(() => {
    throw failure instanceof Outdated ? failure.outcome : failure;
  });
}
