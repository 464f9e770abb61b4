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

  constructor(
    message: string,
    { sent, sqlState, ...origin }: Origin & { readonly sent: boolean; readonly sqlState?: string | undefined; readonly retryable?: boolean },
  ) {
    super("CONNECTION", message, { retryable: true, ...origin });
    this.sent = sent;
    this.sqlState = sqlState;
  }
}

/**
 * What holds a connection of the pool.
 *
 * @example
 * ```ts
 * const line = ({ work, heldMs, pid }: PoolHolder): string => `${work} for ${heldMs} ms, backend ${pid}`;
 * ```
 */
export interface PoolHolder {
  /** `"transaction"`, `"query"` for `store.query`, or the name of the library's own statement. */
  readonly work: string;
  readonly heldMs: number;
  /** Whether no statement runs on the connection at the moment: a transaction waits for something else. */
  readonly idle: boolean;
  /** The server's process, as `pg_stat_activity` names it. Null: embedded, or not known. */
  readonly pid: number | null;
}

/** The facts of a `PoolTimeoutError`. */
type PoolTimeoutFacts = Pick<PoolTimeoutError, "waitedMs" | "max" | "size" | "waiting" | "holders">;

/**
 * No pooled connection became free in time. Nothing was sent.
 *
 * @example
 * ```ts
 * if (isTidemarkError(error, "POOL_TIMEOUT")) console.error(error.waitedMs, error.max, error.holders[0]?.work);
 * ```
 */
export class PoolTimeoutError extends TidemarkError {
  declare readonly code: "POOL_TIMEOUT";
  readonly waitedMs: number;
  /** The most connections. */
  readonly max: number;
  /** Those that were open. */
  readonly size: number;
  /** Other calls that went on waiting. */
  readonly waiting: number;
  /** What calls of this store held connections, the longest first; five at most. */
  readonly holders: readonly PoolHolder[];

  constructor(facts: PoolTimeoutFacts, origin: Origin = {}) {
    super("POOL_TIMEOUT", explainTimeout(facts), { retryable: true, ...origin });
    this.waitedMs = facts.waitedMs;
    this.max = facts.max;
    this.size = facts.size;
    this.waiting = facts.waiting;
    this.holders = facts.holders;
  }
}

function explainTimeout({ waitedMs, max, waiting, holders }: PoolTimeoutFacts): string {
  const others = waiting === 0 ? "" : `, and ${waiting} other ${waiting === 1 ? "call waits" : "calls wait"}`;
  return `No connection became free within ${waitedMs} ms; all ${max} are in use${others}. ${explainHolder(holders[0])} Find transactions that stay open, or raise pool.max.`;
}

function explainHolder(longest: PoolHolder | undefined): string {
  if (!longest) return "This store holds none of them: look at who else uses the pool.";
  const { work, heldMs, idle, pid } = longest;
  const what = work === "transaction" || work === "query" ? `a ${work}` : work;
  const backend = pid === null ? "" : ` (backend ${pid})`;
  return `Held longest: by ${what}${backend}, for ${Math.round(heldMs)} ms${idle ? ", which runs no statement now" : ""}.`;
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
