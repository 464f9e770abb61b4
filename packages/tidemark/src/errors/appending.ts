import type { ExpectedVersion } from "../model/event.ts";
import { nameErrors, type Origin, TidemarkError } from "./tidemark-error.ts";

/**
 * One stream that was not where an append expected it.
 *
 * @example
 * ```ts
 * export function report({ streamId, expected, actual }: VersionConflict): string {
 *   return `${streamId}: expected ${JSON.stringify(expected)}, is at ${actual}`;
 * }
 * ```
 */
export interface VersionConflict {
  readonly streamId: string;
  readonly expected: ExpectedVersion;
  readonly actual: number;
}

function describeExpectation(expected: ExpectedVersion): string {
  return typeof expected === "object" ? `unchanged since position ${expected.unchangedSince}` : `${expected}`;
}

/**
 * A stream was not at the expected version. Nothing was written.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "VERSION_CONFLICT")) console.error(error.streamId, error.expected, error.actual);
 * ```
 */
export class VersionConflictError extends TidemarkError {
  declare readonly code: "VERSION_CONFLICT";
  /** The first conflicting stream, its expectation and the version it is at. */
  readonly streamId: string;
  readonly expected: ExpectedVersion;
  readonly actual: number;
  /** Every conflicting stream of the append. */
  readonly conflicts: readonly VersionConflict[];

  constructor(conflicts: readonly [VersionConflict, ...VersionConflict[]]) {
    const told = conflicts.map((c) => `Stream ${JSON.stringify(c.streamId)} is at ${c.actual}, expected ${describeExpectation(c.expected)}.`);
    super("VERSION_CONFLICT", `${told.join(" ")} Nothing was written: read the stream, decide again, then append again.`);
    const [first] = conflicts;
    this.streamId = first.streamId;
    this.expected = first.expected;
    this.actual = first.actual;
    this.conflicts = conflicts;
  }
}

/**
 * There is an event after the boundary that matches the append's condition. Nothing was written.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "CONDITION_FAILED")) console.error(error.type, error.position);
 * ```
 */
export class ConditionFailedError extends TidemarkError {
  declare readonly code: "CONDITION_FAILED";
  /** The first event that violates the condition: its stream, type and position. */
  readonly streamId: string;
  readonly type: string;
  readonly position: number;

  constructor(match: { readonly streamId: string; readonly type: string; readonly position: number }) {
    super(
      "CONDITION_FAILED",
      `An event of type ${JSON.stringify(match.type)} in stream ${JSON.stringify(match.streamId)} at position ${match.position} matches the append's condition. Nothing was written: read the boundary, decide again, then append again.`,
    );
    this.streamId = match.streamId;
    this.type = match.type;
    this.position = match.position;
  }
}

/**
 * An event with this id exists with other content, in another stream, or as only a part of this append. Nothing was written.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "DUPLICATE_EVENT")) console.error(error.eventId, error.streamId);
 * ```
 */
export class DuplicateEventError extends TidemarkError {
  declare readonly code: "DUPLICATE_EVENT";
  readonly eventId: string;
  /** The stream the append was for. */
  readonly streamId: string;

  constructor(eventId: string, streamId: string, difference: string, origin: Origin = {}) {
    super(
      "DUPLICATE_EVENT",
      `Event ${eventId} for stream ${JSON.stringify(streamId)} exists already, ${difference}. Nothing was written: give new events new ids, and repeat an append only with all of its events.`,
      origin,
    );
    this.eventId = eventId;
    this.streamId = streamId;
  }
}

/**
 * An event's data and metadata are larger than `limits.eventBytes`. Nothing was sent.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "EVENT_TOO_LARGE")) console.error(error.bytes, error.limit);
 * ```
 */
export class EventTooLargeError extends TidemarkError {
  declare readonly code: "EVENT_TOO_LARGE";
  readonly path: string;
  readonly bytes: number;
  readonly limit: number;

  constructor(path: string, bytes: number, limit: number) {
    super(
      "EVENT_TOO_LARGE",
      `${path} is ${bytes} bytes of JSON; the limit is ${limit}. Keep large payloads elsewhere and their address in the event, or raise limits.eventBytes (at most 16 MiB).`,
    );
    this.path = path;
    this.bytes = bytes;
    this.limit = limit;
  }
}

/**
 * More appends are waiting than `limits.queuedAppends`. This one was not queued.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "QUEUE_FULL")) console.error(error.limit);
 * ```
 */
export class QueueFullError extends TidemarkError {
  declare readonly code: "QUEUE_FULL";
  readonly limit: number;

  constructor(limit: number) {
    super("QUEUE_FULL", `${limit} appends are waiting already. Nothing was written: slow down the callers, or raise limits.queuedAppends.`, {
      retryable: true,
    });
    this.limit = limit;
  }
}

/**
 * The database did not say whether it committed.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "OUTCOME_UNKNOWN")) console.error(error.eventIds);
 * ```
 */
export class OutcomeUnknownError extends TidemarkError {
  declare readonly code: "OUTCOME_UNKNOWN";
  /** The ids the append was sent with; the same append with these ids is safe to repeat. Empty for a transaction of the caller's. */
  readonly eventIds: readonly string[];

  constructor(message: string, eventIds: readonly string[], origin: Origin = {}) {
    super("OUTCOME_UNKNOWN", message, { retryable: eventIds.length > 0, ...origin });
    this.eventIds = eventIds;
  }
}

nameErrors({
  VersionConflictError,
  ConditionFailedError,
  DuplicateEventError,
  EventTooLargeError,
  QueueFullError,
  OutcomeUnknownError,
});
