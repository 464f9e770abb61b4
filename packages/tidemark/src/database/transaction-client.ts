import { DatabaseError, SerializationFailureError } from "../errors/database.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import { connectionUnder, connectionQueueOf } from "./connection-queue.ts";
import type { QueryOptions, Session, Statement, TextRow, UserResult, Value } from "./database.ts";
import type { Logger } from "../model/logger.ts";
import { DescribedRows } from "./described-rows.ts";
import type { PgClient } from "./pg-client.ts";
import { PgConnection } from "./pg-connection.ts";
import { createStatements } from "./pg-statements.ts";
import { untilReady } from "./pg-ready.ts";
import { sendOnPg } from "./pg-transaction.ts";
import type { PGliteTransaction } from "./pglite-client.ts";
import { sendOnPGlite } from "./pglite-session.ts";
import { type AskBegan, askBegan, changesTable, SameTransaction, unlessOutside } from "./same-transaction.ts";
import { shapeOf } from "./statement-shape.ts";
import { createForwarding, createSession, lateSession, type Sending } from "./session.ts";
import { toTidemarkError } from "./sql-state.ts";
import { textOf } from "./statement-text.ts";

/**
 * Anything with a parameterised query inside an open transaction: a pg client, a PGlite transaction, or what a `from…` adapter returns.
 *
 * @example
 * ```ts
 * const client: TransactionClient = { query: (text, values) => transaction.query(text, values) };
 * ```
 */
export interface TransactionClient {
  query(text: string, values: unknown[]): PromiseLike<{ rows: unknown[] }>;
}

export interface JoinOptions {
  /** 0: none, so that the limits of the caller's own client are the only ones. */
  readonly queryTimeoutMs: number;
  readonly logger: Logger;
  /** The store's database is a PGlite: every client of it gives the rows that PGlite gives. @defaultValue false */
  readonly embedded?: boolean;
}

/** What an adapter knows beyond the query. */
export interface AdaptedTransaction extends TransactionClient {
  /**
   * What stands for the connection underneath, the same for every view of it: what goes through one waits for what goes through
   * another.
   * @defaultValue this object
   */
  connection?(): object | Promise<object>;
  /** Whether the transaction is open, where the ORM says so. Without it, `began` asks the server. */
  isOpen?(): boolean | Promise<boolean>;
  /** When the transaction began, as `transactionBegan` says it; undefined outside of one. @defaultValue asked with `query` */
  readonly began?: AskBegan;
  /** Runs one of the store's own statements, where `query` may change the names of its columns. */
  queryAsWritten?(text: string, values: unknown[]): PromiseLike<{ rows: unknown[] }>;
  /** `query` gives rows as `pg` gives them. */
  readonly likePg?: true;
  /** Runs a statement whose rows have one column, of text, past all that the client makes of rows. @defaultValue with `query` */
  queryLines?(text: string, values: unknown[]): PromiseLike<readonly string[]>;
  /** Runs a statement that gives no rows, where `query` does not tell how many it changed. */
  countChanged?(text: string, values: unknown[]): PromiseLike<number>;
}

const afterItsEnd = "was used after its transaction had ended. Await everything before the transaction ends.";

const outside =
  "is not inside a transaction: what the store writes through it could not be rolled back with the rest. Send BEGIN on a pg client first, or pass the transaction that your ORM gives you.";

const withoutForm =
  "gives rows that cannot be asked for inside another statement (SHOW, EXPLAIN, FETCH, CALL, several statements at once, a backslash before a quote outside of E''), and this append joined a client whose own rows differ from pg's. Use SELECT, VALUES or RETURNING, current_setting('…') for SHOW, and parameters.";

/**
 * A session inside a transaction of the user's. It never commits, rolls back or sets a savepoint of its own, and it refuses a
 * client that is not inside one:
 * - `pg` knows its transaction status from every answer of the server's, so each call is checked;
 * - a PGlite transaction and the adapters' ORMs know whether they are over;
 * - any other client is asked at its first use, by setting a savepoint and releasing it, which PostgreSQL refuses outside a transaction
 *   (25P01) and which leaves nothing behind inside one.
 *
 * @throws {@link InvalidArgumentError} — a pool, a whole PGlite, or nothing with a `query`. The session's methods reject with it
 * where the client is outside a transaction, and with `SerializationFailureError` for 40001, which only a transaction of the
 * user's can meet.
 */
export function joinTransaction(client: TransactionClient, options: JoinOptions): Session {
  if (!(client instanceof Object) || typeof client.query !== "function")
    throw new InvalidArgumentError("client", "must have a method query(text, values), as a pg client and what the from… adapters return have.");
  if ("totalCount" in client)
    throw new InvalidArgumentError("client", "is a pool, whose queries each run on any connection. Pass the client that pool.connect() gave you, after BEGIN.");
  if ("waitReady" in client) throw new InvalidArgumentError("client", outside);
  const sending = withSerializationFailures(sendOn(client, options));
  const under = connectionUnder(client);
  if (under) return lateSession(under, sending, createForwarding);
  if (isAdapted(client) && client.connection) return lateSession(client.connection.bind(client), sending, createSession);
  return createSession(connectionQueueOf(client), sending);
}

function sendOn(client: TransactionClient, { queryTimeoutMs, logger, embedded = false }: JoinOptions): Sending {
  if (isPgClient(client)) {
    // Never named: a statement that a pooler lost would fail the user's transaction.
    const statements = createStatements(false, logger);
    return sendOnPg(new PgConnection(client, logger, "borrowed"), statements, queryTimeoutMs, async () => {
      if (!client.getTransactionStatus) return await checkBySavepoint(client);
      await untilReady(client, queryTimeoutMs);
      checkStatus(client.getTransactionStatus());
    });
  }
  if (isPGliteTransaction(client)) return sendOnPGlite(client);
  const { handlerQuery, ...sending } = sendPlain(client);
  // Where `query` gives what the store's own driver gives, it stays as it is.
  return embedded || (isAdapted(client) && client.likePg) ? sending : { ...sending, handlerQuery };
}

function isPgClient(client: TransactionClient): client is TransactionClient & PgClient {
  return "processID" in client && "connection" in client;
}

function isPGliteTransaction(client: TransactionClient): client is TransactionClient & PGliteTransaction {
  return "exec" in client && "closed" in client;
}

/** For pg before 8.21: one round trip before each statement. */
async function checkBySavepoint(client: PgClient): Promise<void> {
  const inside = await unlessOutside(() => client.query({ text: "savepoint tidemark_probe; release savepoint tidemark_probe" }));
  checkStatus(inside ? "T" : "I");
}

function checkStatus(status: "I" | "T" | "E" | null): void {
  if (status === "T") return;
  if (status === "E")
    throw new DatabaseError("A statement of this transaction failed before, so PostgreSQL refuses every other. Roll it back, then run all of it again.", {
      sqlState: "25P02",
    });
  throw new InvalidArgumentError("client", outside);
}

function isAdapted(client: TransactionClient): client is AdaptedTransaction {
  return "connection" in client && typeof client.connection === "function";
}

/** A client of which nothing is known but its query. */
function sendPlain(client: TransactionClient): Sending & Pick<Session, "handlerQuery"> {
  const plain: TransactionClient["query"] = (text, values) => client.query(text, values);
  const adapted: Partial<AdaptedTransaction> = isAdapted(client) ? client : {};
  const asWritten = adapted.queryAsWritten?.bind(client) ?? plain;
  const same = adapted.isOpen ? undefined : new SameTransaction(adapted.began ?? (() => askBegan(plain)));
  const check = async (): Promise<void> => checkStatus((await (same ? same.found() : adapted.isOpen?.())) ? "T" : "I");
  const described = new DescribedRows((text, values) =>
    run((...call) => (adapted.queryLines ? adapted.queryLines(...call) : client.query(...call).then(linesOf)), text, values),
  );

  async function run<T>(send: (text: string, values: unknown[]) => PromiseLike<T>, text: string, values: readonly unknown[], signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    await check();
    try {
      return await send(text, [...values]);
    } catch (thrown) {
      const error = toTidemarkError(thrown);
      // It was inside one when it was asked.
      if (isTidemarkError(error, "DATABASE") && error.sqlState === "25P01") throw new InvalidArgumentError("client", afterItsEnd, { cause: thrown });
      throw error;
    }
  }

  async function query(text: string, values: readonly unknown[], signal?: AbortSignal): Promise<readonly unknown[]> {
    if (!same || changesTable(text)) return (await run(asWritten, text, values, signal)).rows;
    await check();
    const { rows } = await run(asWritten, await same.guard(text), values, signal);
    if (rows.length === 0 && !(await same.holds())) throw new InvalidArgumentError("client", afterItsEnd);
    return rows;
  }

  async function userQuery<Row>(text: string, values: readonly unknown[]): Promise<UserResult<Row>> {
    const { rows, rowCount = rows.length } = await run<Answer>(plain, text, values);
    return { rows: rows as Row[], rowCount };
  }

  return {
    client,
    userQuery,
    query: async (statement, values, { signal } = {}) => (await query(textOf(statement, "cast"), values, signal)) as readonly TextRow[],
    async handlerQuery<Row>(text: string, values: readonly unknown[]): Promise<UserResult<Row>> {
      const shape = shapeOf(text);
      if (shape.kind === "rows") {
        const rows = await described.query(shape, values);
        return { rows: rows as Row[], rowCount: rows.length };
      }
      if (shape.kind === "count" && adapted.countChanged) return { rows: [], rowCount: await run(adapted.countChanged.bind(client), text, values) };
      const result = await userQuery<Row>(text, values);
      if (result.rows.length > 0) throw new InvalidArgumentError("text", withoutForm);
      return result;
    },
    async execute(statements) {
      for (const statement of [statements].flat()) await run(plain, statement, []);
    },
  };
}

/** What `query` gives of rows with one column, under whatever name. */
function linesOf({ rows }: { readonly rows: readonly unknown[] }): readonly string[] {
  return rows.map((row) => {
    const [line]: unknown[] = row instanceof Object ? Object.values(row) : [];
    if (typeof line === "string") return line;
    throw new InvalidArgumentError(
      "client",
      `gave ${typeof line} for a column of text: what its method query resolves to must have rows that are objects, with what the server sent.`,
    );
  });
}

interface Answer {
  readonly rows: unknown[];
  readonly rowCount?: number | null;
}

function withSerializationFailures(sending: Sending): Sending {
  async function explained<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      throw isTidemarkError(error, "DATABASE") && error.sqlState === "40001" ? new SerializationFailureError(error.sqlState, { cause: error }) : error;
    }
  }
  const { handlerQuery } = sending;
  return {
    client: sending.client,
    query: (statement: Statement, values: readonly Value[], options?: QueryOptions) => explained(sending.query(statement, values, options)),
    userQuery: <Row>(text: string, values: readonly unknown[]) => explained(sending.userQuery<Row>(text, values)),
    ...(handlerQuery && { handlerQuery: <Row>(text: string, values: readonly unknown[]) => explained(handlerQuery<Row>(text, values)) }),
    execute: (statements, options) => explained(sending.execute(statements, options)),
  };
}
