import { isTidemarkError } from "../errors/errors.ts";
import { OutcomeUnknownError, type VersionConflict } from "../errors/appending.ts";
import type { AppendCounters } from "./append-counters.ts";
import { streamKey } from "./batch.ts";
import { type Claims, claimsOf } from "./claims.ts";
import type { EncodedAppend } from "./encoded.ts";
import type { Outcome } from "./outcome.ts";
import { tellRecorded } from "./recorded.ts";
import type { Queued } from "./queue.ts";
import type { AppendResult } from "./types.ts";

/** An append with more takes the bulk claim: see `take_claims.sql`. Below its 512, for there are types as well. */
export const mostTags = 400;
/** Where a stream's key has its name: no stream is called so. */
const bulkKey = "\x00\x00";

/** An append between its call and its answer. */
export class PendingAppend implements Queued {
  readonly append: EncodedAppend;
  readonly keys: readonly string[];
  readonly ids: readonly string[];
  readonly signal: AbortSignal | undefined;
  readonly promise: Promise<readonly AppendResult[]>;
  /** It was sent once and never answered: from now on its ids are looked up first, and only a verdict can settle it. */
  unanswered = false;
  /** Its ids were found to be in the log, or may be: from now on they are looked up first. */
  repeatedId = false;
  /** How often another transaction kept it from a claim. */
  refusals = 0;
  /** Of its events together; 0 where few are different. */
  readonly tags: number;
  /** When it was called, by performance.now(). */
  readonly since: number = performance.now();
  readonly #resolve: (results: readonly AppendResult[]) => void;
  readonly #reject: (error: unknown) => void;
  readonly #counters: AppendCounters;
  #claims: Claims | undefined;

  constructor(append: EncodedAppend, signal: AbortSignal | undefined, counters: AppendCounters) {
    const { promise, resolve, reject } = Promise.withResolvers<readonly AppendResult[]>();
    this.append = append;
    this.tags = append.tags > mostTags && this.claims.shared.length <= mostTags ? 0 : append.tags;
    this.keys = [...append.parts.map(streamKey), ...(this.tags > mostTags ? [bulkKey] : [])];
    this.ids = append.ownIds ? append.parts.flatMap((part) => part.events.map((event) => event.id)) : [];
    this.signal = signal;
    this.promise = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#counters = counters;
  }

  get events(): number {
    return this.append.events;
  }

  get bytes(): number {
    return this.append.bytes;
  }

  get conditional(): boolean {
    return this.append.condition !== undefined;
  }

  get claims(): Claims {
    return (this.#claims ??= claimsOf(this.append));
  }

  get checkIds(): boolean {
    return this.append.ownIds || this.unanswered || this.repeatedId;
  }

  /** Passes a verdict on. After an unanswered try some verdicts leave open whether that try can still get through. */
  settle(outcome: Exclude<Outcome, { kind: "blocked" | "outdated" }>): void {
    if (outcome.kind === "written") {
      tellRecorded(this.append, outcome);
      this.#counters.written(this.events, outcome.repeated, this.since);
      this.#resolve(outcome.results);
    } else if (outcome.kind === "conflict" && (isTidemarkError(outcome.error, "CONDITION_FAILED") || outcome.error.conflicts.some(isFinal))) {
      this.#rejectWith(outcome.error);
    } else {
      this.fail(outcome.error);
    }
  }

  /** Nothing is written, unless a try was never answered. */
  fail(error: unknown): void {
    const definite = !this.unanswered || this.events === 0 || isTidemarkError(error, "DUPLICATE_EVENT");
    this.#rejectWith(definite ? error : this.#unknown(error));
  }

  #rejectWith(error: unknown): void {
    this.#counters.rejected(error, this.since);
    this.#reject(error);
  }

  #unknown(cause: unknown): OutcomeUnknownError {
    const ids = this.append.parts.flatMap((part) => part.events.map((event) => event.id));
    const streams = this.append.parts.map((part) => JSON.stringify(part.streamId)).join(", ");
    return new OutcomeUnknownError(
      `Whether the append to ${streams} was committed is unknown: the database stopped answering. Append the same events again with the ids in eventIds; what is there already is not written twice.`,
      ids,
      { cause },
    );
  }
}

/**
 * Whether no try of the append can pass any more. Versions only grow, and may still grow to the one expected. (So do matching
 * events, and a condition that failed fails for ever.)
 */
function isFinal({ expected, actual }: VersionConflict): boolean {
  return typeof expected === "number" ? actual > expected : expected !== "stream-exists";
}

/** Sent again after it was written: its ids are looked up, and where no try answers any more, its outcome is unknown. */
export function markWritten(kind: Outcome["kind"], pending: PendingAppend | undefined): void {
  if (pending && kind === "written") pending.unanswered = true;
}
