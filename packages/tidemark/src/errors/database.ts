import { nameErrors, type Origin, TidemarkError } from "./tidemark-error.ts";

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
  ConnectionError,
  PoolTimeoutError,
  SerializationFailureError,
  TransactionEndedError,
  DatabaseError,
});
