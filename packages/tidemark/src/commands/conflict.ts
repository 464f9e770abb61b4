import pRetry from "p-retry";
import { isTidemarkError } from "../errors.ts";
import type { EventReaderWriter } from "../event-reader-writer.ts";
import { takeTurn } from "./turns.ts";

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

export interface AttemptOptions {
  readonly store: EventReaderWriter;
  readonly attempts: number;
  readonly signal: AbortSignal | undefined;
  /** What is decided on, by which those who would lose to each other find each other. */
  readonly subject?: string;
}

/**
 * Makes attempts, numbered from 1, until one is not outdated. Between them a pause that doubles and is drawn at random, or
 * those who met once would meet again; and those of one store that lost on the same stream take turns.
 *
 * The signal is not p-retry's business: it would report an attempt that was aborted too late, and wrote, as aborted. Nor is
 * the error: what `decide` throws need not be an Error, and p-retry makes a TypeError of such a thing.
 */
export async function attemptUpTo<T>({ store, attempts, signal, subject }: AttemptOptions, attempt: (number: number) => Promise<T>): Promise<T> {
  let failure: unknown;
  async function attemptInTurn(number: number): Promise<T> {
    signal?.throwIfAborted();
    const lost = failure instanceof Outdated ? failure.outcome : undefined;
    const lostOn = isTidemarkError(lost, "VERSION_CONFLICT") || isTidemarkError(lost, "CONDITION_FAILED") ? lost.streamId : undefined;
    const leave = await takeTurn(store, { subject, lostOn, signal });
    try {
      signal?.throwIfAborted();
      return await attempt(number);
    } finally {
      leave();
    }
  }
  const attempted = pRetry(
    async (number) => {
      try {
        return await attemptInTurn(number);
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
