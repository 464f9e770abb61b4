import { retry } from "../async/retry.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import { enterConflictQueue } from "./conflict-queue.ts";

/** An attempt that came too late: what it decided on has changed. Never leaves this room. */
class Outdated extends Error {
  /** What the caller gets when it was the last attempt. */
  readonly outcome: unknown;
  /** The same command was handled meanwhile: the next attempt finds what it did, and decides nothing. */
  readonly handled: boolean;

  constructor(outcome: unknown, handled: boolean) {
    super("outdated");
    this.outcome = outcome;
    this.handled = handled;
  }
}

/** Ends an attempt that has to be made again; after the last one `outcome` is thrown. */
export function startAgain(outcome: unknown, { handled = false }: { readonly handled?: boolean } = {}): never {
  throw new Outdated(outcome, handled);
}

export interface Losses {
  /** Whether others came between. @defaultValue a conflict of versions */
  readonly isLost?: (error: unknown) => boolean;
  /** Whether the same command was handled meanwhile. */
  readonly isHandled?: (error: unknown) => boolean;
}

/** Runs an append. When others came between, the attempt starts again: `decide` can throw conflicts of its own, which do not count. */
export async function orStartAgain<T>(append: Promise<T>, { isLost = isConflict, isHandled = () => false }: Losses = {}): Promise<T> {
  try {
    return await append;
  } catch (error) {
    if (isHandled(error)) return startAgain(error, { handled: true });
    if (isLost(error)) return startAgain(error);
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
 * those who met once would meet again; and those of one store that lost on the same stream take turns. One who lost to the same
 * command has an answer to fetch, which is no attempt: it needs none of those that are left, and no pause.
 */
export async function attemptUpTo<T>({ store, attempts, signal, subject }: AttemptOptions, attempt: (number: number) => Promise<T>): Promise<T> {
  let failure: unknown;
  let made = 0;
  let fetched = false;
  async function attemptInTurn(): Promise<T> {
    signal?.throwIfAborted();
    const lost = failure instanceof Outdated ? failure.outcome : undefined;
    const lostOn = isTidemarkError(lost, "VERSION_CONFLICT") || isTidemarkError(lost, "CONDITION_FAILED") ? lost.streamId : undefined;
    const leave = await enterConflictQueue(store, { subject, lostOn, signal });
    try {
      signal?.throwIfAborted();
      return await attempt(++made);
    } finally {
      leave();
    }
  }
  async function attemptOrFetch(): Promise<T> {
    try {
      return await attemptInTurn();
    } catch (error) {
      failure = error;
      // Once: an answer that is not there then would be fetched for ever.
      if (fetched || !(error instanceof Outdated && error.handled)) throw error;
      fetched = true;
      return await attemptOrFetch();
    }
  }
  try {
    return await retry(attemptOrFetch, { firstMs: 10, mostMs: 250, attempts, retryable: (error) => error instanceof Outdated });
  } catch (error) {
    throw error instanceof Outdated ? error.outcome : error;
  }
}
