import type { ConditionFailedError, DuplicateEventError, EventTooLargeError, OutcomeUnknownError, QueueFullError, VersionConflictError } from "./appending.ts";
import type { EventDecodingError, EventValidationError, UnknownEventTypeError } from "./catalogue.ts";
import type { ConnectionError, DatabaseError, PoolTimeoutError, SerializationFailureError, TransactionEndedError } from "./database.ts";
import type {
  FencedError,
  HandlerFailedError,
  HandlerTimeoutError,
  HistoryForkedError,
  NotFoundError,
  SequenceBehindError,
  WaitTimeoutError,
} from "./following.ts";
import type { RequestRefusedError } from "./http.ts";
import type {
  MigrationChangedError,
  MissingDependencyError,
  RoleRefusedError,
  SchemaOutdatedError,
  SchemaTooNewError,
  StoreClosedError,
  StoreLockedError,
} from "./opening.ts";
import type { ProcessParkedError, ProcessVersionMissingError } from "./processes.ts";
import type { ProjectionFailedError, ProjectionStoppedError, UnknownProjectionError } from "./projections.ts";
import type { IndexRefusedError, ProjectionChangedError, StaleDocumentsError } from "./read-models.ts";
import type { IndexMissingError } from "./reading.ts";
import type {
  ProjectionBuildFailedError,
  ProjectionCheckFailedError,
  ProjectionDependentsError,
  ProjectionNotReadyError,
  ProjectionServingError,
} from "./rebuilding.ts";
import type { DestinationUnavailableError, MessageRefusedError, SinkUnavailableError } from "./relays.ts";
import type { TimerFailedError } from "./timers.ts";
import { brand, nameErrors, type Origin, TidemarkError } from "./tidemark-error.ts";

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

nameErrors({ InvalidArgumentError });

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
  readonly ROLE_REFUSED: RoleRefusedError;
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
  readonly TIMER_FAILED: TimerFailedError;
  readonly HANDLER_TIMEOUT: HandlerTimeoutError;
  readonly HANDLER_FAILED: HandlerFailedError;
  readonly NOT_FOUND: NotFoundError;
  readonly PROCESS_PARKED: ProcessParkedError;
  readonly PROCESS_VERSION_MISSING: ProcessVersionMissingError;
  readonly MESSAGE_REFUSED: MessageRefusedError;
  readonly DESTINATION_UNAVAILABLE: DestinationUnavailableError;
  readonly SINK_UNAVAILABLE: SinkUnavailableError;
  readonly INDEX_MISSING: IndexMissingError;
  readonly PROJECTION_FAILED: ProjectionFailedError;
  readonly PROJECTION_STOPPED: ProjectionStoppedError;
  readonly UNKNOWN_PROJECTION: UnknownProjectionError;
  readonly PROJECTION_CHANGED: ProjectionChangedError;
  readonly INDEX_REFUSED: IndexRefusedError;
  readonly STALE_DOCUMENTS: StaleDocumentsError;
  readonly PROJECTION_NOT_READY: ProjectionNotReadyError;
  readonly PROJECTION_SERVING: ProjectionServingError;
  readonly PROJECTION_DEPENDENTS: ProjectionDependentsError;
  readonly PROJECTION_BUILD_FAILED: ProjectionBuildFailedError;
  readonly PROJECTION_CHECK_FAILED: ProjectionCheckFailedError;
  readonly UNKNOWN_EVENT_TYPE: UnknownEventTypeError;
  readonly EVENT_VALIDATION: EventValidationError;
  readonly EVENT_UNDECODABLE: EventDecodingError;
  readonly REQUEST_REFUSED: RequestRefusedError;
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
