import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import { StoreClosedError } from "../errors/opening.ts";
import { CallsUnderWay } from "./calls-under-way.ts";
import type { Database, Queryable, QueryOptions, Statement, TextRow, UserResult, Value } from "./database.ts";
import { encloseIn, isInside } from "./enclosure.ts";
import type { Logger } from "../model/logger.ts";
import { OpenTransactions } from "./open-transactions.ts";
import type { PgPool } from "./pg-client.ts";
import type { PgConnection } from "./pg-connection.ts";
import { lendFrom, openPool, type PgConnections } from "./pg-pool.ts";
import { listenBeside } from "./pg-listener.ts";
import { runExchange } from "./pg-exchange.ts";
import { lendBeside, mostBeside } from "./pg-side.ts";
import { createStatements } from "./pg-statements.ts";
import { begin, commit, rollback, runTransaction } from "./pg-transaction.ts";
import type { ValidPoolSettings } from "../arguments/pool-options.ts";
import type { Limits } from "./verdict.ts";

export interface PgDatabaseOptions {
  /** A connection string, or a `pg.Pool` of the user's own, which is never ended here. */
  readonly connection: string | PgPool;
  /** Validated. With a pool of the user's own only `queryTimeoutMs`, `pingBeforeUse` and, where the pool has none, `connectionTimeoutMs` count. */
  readonly settings: ValidPoolSettings;
  /** Named prepared statements. */
  readonly prepare: boolean;
  readonly logger: Logger;
}

const defaultIdleTimeoutMs = 60_000;

/** A PostgreSQL server behind a pool of connections. Connects at the first statement. */
export async function openPgDatabase({ connection: source, settings, prepare, logger }: PgDatabaseOptions): Promise<Database> {
  const own = typeof source === "string" ? await openPool(source, settings) : undefined;
  const connections = lendFrom(own ?? (source as PgPool), settings, logger, async () => own?.end());
  const statements = createStatements(prepare, logger);
  const calls = new CallsUnderWay();
  const cut = Promise.withResolvers<void>();
  const transactions = new OpenTransactions();
  let closing: Promise<void> | undefined;
  let side: PgConnections | undefined;
  /** Whether the role's or the database's defaults make every statement need a transaction that says what it is. */
  let explicit = false;

  /** Lends a connection, and makes `close` wait until it is back. */
  async function use<T>(lender: PgConnections, work: string, signal: AbortSignal | undefined, run: (connection: PgConnection) => Promise<T>): Promise<T> {
    if (closing) throw new StoreClosedError();
    return await calls.run((onLent) => lender.use(work, signal, onLent), run);
  }

  async function directly(connection: PgConnection, statement: Statement, values: readonly Value[], limits: Limits): Promise<readonly TextRow[]> {
    return await connection.runStatement(statements.query(statement, values, connection.client), limits);
  }

  async function inTransaction(connection: PgConnection, statement: Statement, values: readonly Value[], limits: Limits): Promise<readonly TextRow[]> {
    await begin(connection, defaultIdleTimeoutMs, limits);
    try {
      const rows = await directly(connection, statement, values, limits);
      await commit(connection, limits);
      return rows;
    } catch (error) {
      await rollback(connection);
      throw error;
    }
  }

  /** Each refusal that is caught here came before anything was written, and the way after it cannot meet it again. */
  async function autocommit(connection: PgConnection, statement: Statement, values: readonly Value[], limits: Limits): Promise<readonly TextRow[]> {
    let inOne = explicit;
    for (let attempt = 1; ; attempt++) {
      try {
        const rows = await (inOne ? inTransaction : directly)(connection, statement, values, limits);
        if (inOne && !explicit) {
          explicit = true;
          logger.warn(
            "tidemark: this role's default_transaction_isolation is not read committed, or its default_transaction_read_only is on, so every statement runs in a transaction of its own with two more round trips. Reset them for this role: alter role … reset …",
          );
        }
        return rows;
      } catch (error) {
        if (attempt === 3) throw error;
        if (statements.lost(error)) continue;
        if (inOne || !wantsTransaction(error)) throw error;
        inOne = true;
      }
    }
  }

  async function closeAll(timeoutMs: number | undefined): Promise<void> {
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => transactions.abandon(new StoreClosedError()), timeoutMs);
    await calls.settled();
    clearTimeout(timer);
    // A connection that is being made would be waited for, too.
    await Promise.race([closePools(), cut.promise]);
  }

  async function closePools(): Promise<void> {
    if (side !== connections) await side?.close();
    await connections.close();
  }

  const queryableOn = (lender: () => PgConnections): Pick<Database, "query" | "userQuery"> => ({
    query: (statement, values, { signal, timeoutMs = settings.queryTimeoutMs } = {}) =>
      use(lender(), statement.name, signal, (connection) => autocommit(connection, statement, values, { signal, timeoutMs })),
    userQuery: <Row>(text: string, values: readonly unknown[], { signal }: Pick<QueryOptions, "signal"> = {}) =>
      use(lender(), "query", signal, async (connection): Promise<UserResult<Row>> => {
        const { rows, rowCount } = await connection.run({ text, values }, { signal, timeoutMs: settings.queryTimeoutMs }).catch((error: unknown) => {
          // A script can fail after its own BEGIN, and the client learns that state only later.
          connection.discard();
          throw error;
        });
        refuseOpenTransaction(connection);
        return { rows: rows as Row[], rowCount };
      }),
  });
  async function apart<T>(work: (session: Pick<Queryable, "query">) => Promise<T>): Promise<T> {
    const own = lendBeside(connections.pool, settings, logger, 1);
    try {
      return await use(own ?? connections, "work apart", undefined, async (connection) => {
        try {
          return await work({
            query: (statement, values, { signal, timeoutMs = settings.queryTimeoutMs } = {}) =>
              directly(connection, { ...statement, unprepared: true }, values, { signal, timeoutMs }),
          });
        } finally {
          connection.discard();
        }
      });
    } finally {
      await own?.close();
    }
  }

  const sideQueryable = queryableOn(() => (side ??= lendBeside(connections.pool, settings, logger) ?? connections));

  return {
    ...queryableOn(() => connections),
    driver: "pg",
    connections: connections.max,
    pool: connections.pool,
    metrics: () => ({ ...connections.metrics(), most: connections.max + mostBeside(connections.pool) }),
    noneFree: (waitedMs) => connections.noneFree(waitedMs),
    side: () => sideQueryable,
    apart,
    listen: (options) => listenBeside(connections.pool, options),
    // There are other connections; with max: 1 the wait ends in a PoolTimeoutError.
    refuseReentrance() {},
    enclose: (_holder, work) => work(),
    insideTransaction: () => isInside(transactions),
    transaction: (work, { idleTimeoutMs = defaultIdleTimeoutMs, ...options } = {}) =>
      use(connections, "transaction", undefined, async (connection) => {
        const holder = { open: true };
        try {
          return await runTransaction(connection, statements, { timeoutMs: settings.queryTimeoutMs }, { ...options, idleTimeoutMs }, (session) =>
            transactions.until(
              encloseIn(transactions, holder, () => work(session)),
              () => connection.abandon(),
            ),
          );
        } finally {
          holder.open = false;
        }
      }),
    exchange: (exchange) =>
      use(connections, exchange.first.at(-1)?.statement.name ?? "transaction", undefined, (connection) =>
        transactions.until(runExchange(connection, statements, { timeoutMs: settings.queryTimeoutMs }, defaultIdleTimeoutMs, exchange), () =>
          connection.abandon(),
        ),
      ),
    close(timeoutMs) {
      return (closing ??= closeAll(timeoutMs));
    },
    cutOff() {
      calls.cutOff();
      cut.resolve();
    },
  };
}

/**
 * TM001: the library's functions refuse any isolation but READ COMMITTED. 25006: the session is read-only by default, or the
 * server is a standby, which BEGIN … READ WRITE then says.
 */
function wantsTransaction(error: unknown): boolean {
  return isTidemarkError(error, "DATABASE") && (error.sqlState === "TM001" || error.sqlState === "25006");
}

function refuseOpenTransaction(connection: PgConnection): void {
  const status = connection.client.getTransactionStatus?.() ?? "I";
  if (status === "I") return;
  // Closing the connection rolls back; the next user of the pool must not find itself inside a stranger's transaction.
  connection.discard();
  throw new InvalidArgumentError("query", "left a transaction open, which was rolled back: each query may run on another connection. Use store.transaction.");
}
