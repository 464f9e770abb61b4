import type { DriverClient } from "../model/driver.ts";
import type { Logger } from "../model/logger.ts";
import type { PoolTimeoutError } from "../errors/database.ts";
import type { PoolMetrics } from "./pool-counters.ts";
import type { TextRow } from "./text-row.ts";

export type { TextRow };

/**
 * The seam between the store and a driver. Rooms above this one know no driver: they name statements, send text values and
 * get text back, so that every driver, version of it and ORM above it reads the same (`pg` users replace type parsers
 * globally; Prisma returns bigint; Date loses microseconds).
 */

/**
 * One SQL statement of the library. Its name begins with `tidemark_`, says what it does, belongs to this statement alone, and stands in
 * the text that is sent. A driver that prepares it cuts the name and adds a digest of the text, so that stores of several schemas can
 * share a pool.
 */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /**
   * The same statement without casts of its columns to text, for the driver that hands over each column as the server
   * wrote it: a cast costs the server a tenth of the time that it takes to read a small event.
   */
  readonly uncast?: string;
  /**
   * Planned anew at every call, for the table as it is then, and never prepared: for statements that one plan does not suit, or
   * whose text follows what the caller asks, of which a server would keep one more with every new question.
   */
  readonly unprepared?: true;
  /** Prepared under another name, and so planned anew, in each class: see `read/statements-by-size.ts`. */
  readonly sizeClass?: number;
  /** Its text follows the shape of what callers ask: prepared only where it comes again, and only so many on a connection. */
  readonly varies?: true;
}

/** What is sent: arrays travel as PostgreSQL's `{…}` text, JSON as text. */
export type Value = string | number | boolean | null;

/** A statement and what is sent with it. */
export interface Call {
  readonly statement: Statement;
  readonly values: readonly Value[];
  /** What its failure means, for who sent it with others. */
  readonly explain?: (error: unknown) => unknown;
}

/** A transaction of two messages. */
export interface Exchange<T> {
  /** Sent with BEGIN. */
  readonly first: readonly Call[];
  /** Of the rows of each of `first`: what is sent with COMMIT. Where it throws, the transaction is rolled back. */
  readonly second: (answers: readonly (readonly TextRow[])[]) => { readonly last: readonly Call[]; readonly result: T };
}

export interface QueryOptions {
  /** Cancels the statement on the server; the call then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Instead of the pool's `queryTimeoutMs`. 0: none. */
  readonly timeoutMs?: number | undefined;
}

export interface UserResult<Row> {
  readonly rows: Row[];
  readonly rowCount: number | null;
}

/** What runs statements: a pooled database, or one session inside a transaction. */
export interface Queryable {
  /**
   * Runs one of the library's statements.
   *
   * Rejects only with a `TidemarkError` or `signal.reason`. What the caller may conclude:
   * `DatabaseError` — the server answered: nothing of this statement was written;
   * `ConnectionError` with `sent: false`, `PoolTimeoutError` — nothing was sent;
   * `ConnectionError` with `sent: true` — the outcome is unknown.
   */
  query(statement: Statement, values: readonly Value[], options?: QueryOptions): Promise<readonly TextRow[]>;
  /** Runs a statement of the user's with the driver's own types in and out. */
  userQuery<Row>(text: string, values: readonly unknown[]): Promise<UserResult<Row>>;
}

/** One connection inside a transaction. */
export interface Session extends Queryable {
  /** Like `userQuery`, with rows as the store's own driver gives them, whatever client the transaction is of. */
  handlerQuery<Row>(text: string, values: readonly unknown[]): Promise<UserResult<Row>>;
  /** Runs statements without parameters: in one round trip, unless the transaction is of an ORM's. */
  execute(statements: string | readonly string[], options?: QueryOptions): Promise<void>;
  /** The driver's own client. */
  readonly client: DriverClient;
  /**
   * Runs `work` with the connection to itself, through the session that it is given: no statement of anyone else's comes between,
   * through whatever object it is sent, and no commit. Rejects with `InvalidArgumentError` inside of another such `work`.
   */
  alone<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Runs what uses the driver's own client, when its turn on the connection has come. */
  withClient<T>(work: (client: DriverClient) => Promise<T>): Promise<T>;
  /** Work of several statements, which the transaction waits for before it commits, and rolls back with where it fails then. */
  enlist<T>(work: Promise<T>): Promise<T>;
  /** Waits for what runs on the connection, and for what that starts. Rejects with the first failure of what it waited for. */
  settled(): Promise<void>;
}

export interface TransactionOptions {
  /** Milliseconds a transaction may sit idle before the server ends it. @defaultValue 60,000 */
  readonly idleTimeoutMs?: number;
  /**
   * Gives statements without parameters that are sent in one message with COMMIT. It is asked once `work` is done. The server then waits for
   * this process no more, whatever these statements lock. `""`: there are none.
   */
  readonly withCommit?: () => string;
}

/** What a channel of notifications is listened to for. */
export interface ListenOptions {
  /** Lower-case letters, digits and underscores. */
  readonly channel: string;
  readonly onNotification: (payload: string) => void;
  /**
   * Called each time the connection listens, also after a loss: what was notified before has not been heard. Resolves to
   * whether what is notified from now on is heard.
   */
  readonly onListening: (session: ListeningSession) => Promise<boolean>;
  /** Called when that session ends, or is about to. */
  readonly onEnded?: () => void;
  readonly logger: Logger;
}

/** The session that listens. Nothing else runs statements in it. They have a few seconds each, and reject with whatever the driver throws. */
export type ListeningSession = Pick<Queryable, "query">;

export interface Listener {
  close(): Promise<void>;
}

/** Holds the connection for a transaction. */
export interface TransactionHolder {
  readonly open: boolean;
}

export interface Database extends Queryable {
  /** `"pglite"` has one connection: nothing runs beside an open transaction. */
  readonly driver: "pg" | "pglite";
  /** The most statements that can run at once. */
  readonly connections: number;
  /** With `signal`, it cancels the statement on the server, and rejects with its reason. */
  userQuery<Row>(text: string, values: readonly unknown[], options?: Pick<QueryOptions, "signal">): Promise<UserResult<Row>>;
  /** The `pg.Pool` or `PGlite` underneath, for `store.pool`. */
  readonly pool: DriverClient;
  /** How its connections are used, without those apart from the pool. */
  metrics(): PoolMetrics;
  /** The error of a call that waited for so long: tells what has the connections. */
  noneFree(waitedMs: number): PoolTimeoutError;
  /**
   * Throws where the caller is inside a transaction of this database's only connection, its own or another's: a call that it queues would wait
   * for that transaction, which waits for the call.
   */
  refuseReentrance(): void;
  /** Whether the caller is inside a callback of `transaction`, which `close` would wait for. */
  insideTransaction(): boolean;
  /**
   * Runs `work`, and refuses what `refuseReentrance` refuses in it while `holder.open`: for a transaction that is ended from
   * outside `work`, and so waits for it.
   */
  enclose<T>(holder: TransactionHolder, work: () => T): T;
  /**
   * BEGIN ISOLATION LEVEL READ COMMITTED, `work`, COMMIT; ROLLBACK when `work` throws, and its error passes through. What `work`
   * started and did not wait for is waited for; where that fails, its error rolls back as if `work` had thrown it.
   * A commit that the server turned into a rollback is a `DatabaseError`; a commit without an answer is an
   * `OutcomeUnknownError`. Sets `idle_in_transaction_session_timeout`.
   */
  transaction<T>(work: (session: Session) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /**
   * A transaction in two round trips: BEGIN and `first`, then what `second` makes of their answers and COMMIT. Ends and rejects as
   * `transaction` does. None of the statements may be the user's: nothing keeps one of them from ending the transaction. A server
   * looks up by index whatever has one, so that a plan which it keeps is right for a table of any size; an embedded database keeps none.
   */
  exchange<T>(exchange: Exchange<T>): Promise<T>;
  /**
   * Statements on connections apart from the pool's, which handlers and transactions may have taken up: at most two, opened at
   * the first use and closed with the database. An embedded database has only its one connection.
   */
  side(): Queryable;
  /**
   * Runs `work` with a connection of its own, apart from the pool's and outside of any transaction, and closes it afterwards: for what
   * PostgreSQL refuses inside of one. Each statement is by itself, and what one sets for the session ends with it. An embedded
   * database has only its one connection, which others use in between.
   */
  apart<T>(work: (session: Pick<Queryable, "query">) => Promise<T>): Promise<T>;
  /**
   * Listens on a connection of its own, which is opened again whenever it is lost, until it is closed. Undefined where no other
   * process could notify, or where it cannot have a connection of its own.
   */
  listen(options: ListenOptions): Listener | undefined;
  /**
   * Waits for what runs, then closes what the library opened (never a pool of the user's own). Rolls back the transactions that are
   * open after `timeoutMs`, with `StoreClosedError`; waits for ever by default.
   */
  close(timeoutMs?: number): Promise<void>;
  /**
   * Ends what runs and refuses what comes, whether or not it is being closed. A call that waits for a connection rejects with
   * `StoreClosedError`; one that was sent with `ConnectionError`, or as a commit with `OutcomeUnknownError`. An embedded database has
   * nothing to wait for: its statements are executed in this process.
   */
  cutOff(): void;
}
