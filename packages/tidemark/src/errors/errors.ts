import { brand, nameErrors, type Origin, TidemarkError } from "./tidemark-error.ts";
import type { EventValidationError, UnknownEventTypeError } from "./catalogue.ts";
import type {
  FencedError,
  HandlerFailedError,
  HandlerTimeoutError,
  HistoryForkedError,
  NotFoundError,
  SequenceBehindError,
  WaitTimeoutError,
} from "./following.ts";
import type { MigrationChangedError, MissingDependencyError, SchemaOutdatedError, SchemaTooNewError, StoreLockedError } from "./opening.ts";
import type { ProjectionFailedError, ProjectionStoppedError, UnknownProjectionError } from "./projections.ts";
import type { ExpectedVersion } from "../model/event.ts";

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
 * The library does not accept an argument, option or event. Nothing was sent to the database.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "INVALID_ARGUMENT")) console.error(error.path);
 * ```
 */
export class InvalidArgumentError extends TidemarkError {
  declare readonly code: "INVALID_ARGUMENT";
  /** The place of the value in the call: `events[2].data.price`. */
  readonly path: string;

  constructor(path: string, problem: string, origin: Origin = {}) {
    super("INVALID_ARGUMENT", `${path} ${problem}`, origin);
    this.path = path;
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

/**
 * The database could not be reached, or the connection was lost.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "CONNECTION")) console.error(error.sent);
 * ```
 */
export class ConnectionError extends TidemarkError {
  declare readonly code: "CONNECTION";
  /** False if nothing of the statement was sent, so nothing can have been written. */
  readonly sent: boolean;
  /** What the server said, when it said something (53300, 57P03, 57P01 …). */
  readonly sqlState: string | undefined;

  constructor(message: string, { sent, sqlState, ...origin }: Origin & { readonly sent: boolean; readonly sqlState?: string | undefined }) {
    super("CONNECTION", message, { retryable: true, ...origin });
    this.sent = sent;
    this.sqlState = sqlState;
  }
}

/**
 * No pooled connection became free in time. Nothing was sent.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "POOL_TIMEOUT")) console.error(error.waitedMs, error.max);
 * ```
 */
export class PoolTimeoutError extends TidemarkError {
  declare readonly code: "POOL_TIMEOUT";
  readonly waitedMs: number;
  readonly max: number;

  constructor(waitedMs: number, max: number, origin: Origin = {}) {
    super("POOL_TIMEOUT", `No connection became free within ${waitedMs} ms; all ${max} are in use. Find transactions that stay open, or raise pool.max.`, {
      retryable: true,
      ...origin,
    });
    this.waitedMs = waitedMs;
    this.max = max;
  }
}

/**
 * The store was closed before this call.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "STORE_CLOSED")) console.error(error.message);
 * ```
 */
export class StoreClosedError extends TidemarkError {
  declare readonly code: "STORE_CLOSED";

  constructor() {
    super("STORE_CLOSED", "The store is closed. Open a new one with openEventStore, or close it later.");
  }
}

/**
 * PostgreSQL could not serialise the caller's REPEATABLE READ or SERIALIZABLE transaction. Roll it back and run it again.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "SERIALIZATION_FAILURE")) console.error(error.sqlState);
 * ```
 */
export class SerializationFailureError extends TidemarkError {
  declare readonly code: "SERIALIZATION_FAILURE";
  readonly sqlState: string;

  constructor(sqlState: string, origin: Origin = {}) {
    super(
      "SERIALIZATION_FAILURE",
      `PostgreSQL could not serialise this transaction (${sqlState}). Nothing of it was written: roll it back and run the whole transaction again.`,
      { retryable: true, ...origin },
    );
    this.sqlState = sqlState;
  }
}

/**
 * A statement ended the transaction that the library had begun: COMMIT, ROLLBACK, PREPARE TRANSACTION, or CLOSE ALL. Nothing of it was written.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "TRANSACTION_ENDED")) console.error(error.message);
 * ```
 */
export class TransactionEndedError extends TidemarkError {
  declare readonly code: "TRANSACTION_ENDED";

  constructor(origin: Origin = {}) {
    super(
      "TRANSACTION_ENDED",
      "A statement ended this transaction, which the library began and ends itself: COMMIT, ROLLBACK, PREPARE TRANSACTION or CLOSE ALL. Nothing of it was written. Leave those statements out; to undo a part, use SAVEPOINT and ROLLBACK TO SAVEPOINT.",
      origin,
    );
  }
}

/**
 * PostgreSQL rejected the statement for any other reason. The statement wrote nothing.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "DATABASE")) console.error(error.sqlState, error.constraint);
 * ```
 */
export class DatabaseError extends TidemarkError {
  declare readonly code: "DATABASE";
  /** Five characters; see PostgreSQL's appendix "Error Codes". */
  readonly sqlState: string;
  readonly constraint: string | undefined;
  readonly table: string | undefined;

  constructor(
    message: string,
    {
      sqlState,
      constraint,
      table,
      ...origin
    }: Origin & { readonly sqlState: string; readonly constraint?: string | undefined; readonly table?: string | undefined; readonly retryable?: boolean },
  ) {
    super("DATABASE", message, origin);
    this.sqlState = sqlState;
    this.constraint = constraint;
    this.table = table;
  }
}

nameErrors({
  VersionConflictError,
  ConditionFailedError,
  DuplicateEventError,
  InvalidArgumentError,
  EventTooLargeError,
  QueueFullError,
  OutcomeUnknownError,
  ConnectionError,
  PoolTimeoutError,
  StoreClosedError,
  SerializationFailureError,
  TransactionEndedError,
  DatabaseError,
});

/**
 * Every error by its code.
 *
 * @example
 * ```ts
 * export function report(error: ErrorByCode["VERSION_CONFLICT"]): string {
 *   return `${error.streamId} is at ${error.actual}`;
 * }
 * ```
 */
export interface ErrorByCode {
  readonly VERSION_CONFLICT: VersionConflictError;
  readonly CONDITION_FAILED: ConditionFailedError;
  readonly DUPLICATE_EVENT: DuplicateEventError;
  readonly INVALID_ARGUMENT: InvalidArgumentError;
  readonly EVENT_TOO_LARGE: EventTooLargeError;
  readonly QUEUE_FULL: QueueFullError;
  readonly OUTCOME_UNKNOWN: OutcomeUnknownError;
  readonly CONNECTION: ConnectionError;
  readonly POOL_TIMEOUT: PoolTimeoutError;
  readonly SCHEMA_OUTDATED: SchemaOutdatedError;
  readonly SCHEMA_TOO_NEW: SchemaTooNewError;
  readonly MIGRATION_CHANGED: MigrationChangedError;
  readonly STORE_CLOSED: StoreClosedError;
  readonly STORE_LOCKED: StoreLockedError;
  readonly MISSING_DEPENDENCY: MissingDependencyError;
  readonly SERIALIZATION_FAILURE: SerializationFailureError;
  readonly TRANSACTION_ENDED: TransactionEndedError;
  readonly DATABASE: DatabaseError;
  readonly FENCED: FencedError;
  readonly HISTORY_FORKED: HistoryForkedError;
  readonly SEQUENCE_BEHIND: SequenceBehindError;
  readonly WAIT_TIMEOUT: WaitTimeoutError;
  readonly HANDLER_TIMEOUT: HandlerTimeoutError;
  readonly HANDLER_FAILED: HandlerFailedError;
  readonly NOT_FOUND: NotFoundError;
  readonly PROJECTION_FAILED: ProjectionFailedError;
  readonly PROJECTION_STOPPED: ProjectionStoppedError;
  readonly UNKNOWN_PROJECTION: UnknownProjectionError;
  readonly UNKNOWN_EVENT_TYPE: UnknownEventTypeError;
  readonly EVENT_VALIDATION: EventValidationError;
}

/**
 * Returns whether `error` is an error of the library, with this code if given. Works across copies of the package in one process,
 * unlike `instanceof`.
 *
 * @example
 * ```ts
 * try {
 *   await store.appendToStream("cart-42", [itemAdded], { expectedVersion: "no-stream" });
 * } catch (error) {
 *   if (!isTidemarkError(error, "VERSION_CONFLICT")) throw error;
 *   console.debug(`cart-42 is at version ${error.actual} already`);
 * }
 * ```
 */
export function isTidemarkError(error: unknown): error is TidemarkError;
export function isTidemarkError<Code extends keyof ErrorByCode>(error: unknown, code: Code): error is ErrorByCode[Code];
export function isTidemarkError(error: unknown, code?: string): boolean {
  return error instanceof Error && brand in error && (code === undefined || ("code" in error && error.code === code));
}
