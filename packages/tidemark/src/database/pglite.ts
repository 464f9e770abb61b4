import { AcquireTimeout, Semaphore } from "../async/semaphore.ts";
import { ConnectionError, PoolTimeoutError } from "../errors/database.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { StoreClosedError } from "../errors/opening.ts";
import { sendInTurn } from "./calls.ts";
import { connectionQueueOf } from "./connection-queue.ts";
import type { Database, QueryOptions, Session, TransactionOptions } from "./database.ts";
import { encloseIn, encloseTransactionsOf, isInside, outsideStores, sendAsStore } from "./enclosure.ts";
import type { GivenPGlite } from "./pglite-client.ts";
import { holdCommit } from "./held-commit.ts";
import { OpenTransactions } from "./open-transactions.ts";
import { PoolCounters } from "./pool-counters.ts";
import { PoolHolders } from "./pool-holders.ts";
import { sendOnPGlite } from "./pglite-session.ts";
import { startPGlite } from "./pglite-start.ts";
import { createSession } from "./session.ts";
import { toTidemarkError } from "./sql-state.ts";
import { type Limits, verdictOf } from "./verdict.ts";

export interface PGliteDatabaseOptions {
  /** A folder, a PGlite of the user's own (never closed here), or undefined: in memory. */
  readonly source: string | GivenPGlite | undefined;
  /** Bounds the wait for the one connection. A statement that runs blocks this process, so that nothing can cancel it. 0: none. */
  readonly queryTimeoutMs: number;
}

/**
 * PostgreSQL in this process: one connection, on which everything takes turns.
 *
 * @throws {@link MissingDependencyError} — `@electric-sql/pglite` is not installed.
 * @throws {@link StoreLockedError} — the folder is open elsewhere.
 * @throws {@link InvalidArgumentError} — the folder holds other files.
 */
export async function openPGliteDatabase({ source, queryTimeoutMs }: PGliteDatabaseOptions): Promise<Database> {
  const { instance, close } = await startPGlite(source);
  const queue = new Semaphore(1);
  const counters = new PoolCounters();
  const holders = new PoolHolders();
  const autocommit = sendOnPGlite(instance);
  const transactions = new OpenTransactions();
  let closing: Promise<void> | undefined;
  encloseTransactionsOf(instance);

  /** It would wait for the transaction, which waits for it. */
  function refuseReentrance(): void {
    if (isInside(instance))
      throw new InvalidArgumentError(
        "store",
        "was used inside a transaction on its only connection, where it would wait for ever. Use `tx` there, `context` in a handler, or `store.withTransaction(tx)` in your own transaction.",
      );
  }

  /** The next caller would be inside it. */
  async function refuseLeftOpen(): Promise<void> {
    if (!instance.isInTransaction?.()) return;
    await outsideStores(() => instance.exec("rollback"));
    throw new InvalidArgumentError("query", "left a transaction open, which was rolled back: others use the same connection. Use store.transaction.");
  }

  function noneFree(waitedMs: number): PoolTimeoutError {
    return new PoolTimeoutError({ waitedMs, max: 1, size: 1, waiting: queue.waiting, holders: holders.longest() });
  }

  async function enter(work: string, limits: Limits): Promise<() => void> {
    if (closing) throw new StoreClosedError();
    refuseReentrance();
    try {
      const leave = await counters.acquiring(
        () => queue.acquire(limits),
        (error) => error instanceof AcquireTimeout,
      );
      const forget = holders.take(work, { busy: work !== "transaction", pid: null });
      return () => {
        forget();
        counters.released();
        leave();
      };
    } catch (error) {
      throw error instanceof AcquireTimeout ? noneFree(limits.timeoutMs) : error;
    }
  }

  async function one<T>(work: string, statement: () => Promise<T>, limits: Limits): Promise<T> {
    const leave = await enter(work, limits);
    try {
      const { outcome } = await verdictOf(sendAsStore(instance, statement), limits, async () => {});
      if (outcome?.status === "fulfilled") return outcome.value;
      if (outcome) throw outcome.reason;
      // Nothing of this store's is in the way, so it is the user of an instance of their own.
      throw new ConnectionError(
        `PGlite did not answer within ${limits.timeoutMs} ms: a transaction is open on it outside the store. The statement runs when that ends.`,
        { sent: true },
      );
    } finally {
      giveWay(leave);
    }
  }

  async function transaction<T>(work: (session: Session) => Promise<T>, { withCommit = () => "" }: TransactionOptions = {}): Promise<T> {
    const leave = await enter("transaction", { timeoutMs: queryTimeoutMs });
    const holder = { open: true };
    try {
      const begin: typeof instance.transaction = (inside) => sendAsStore(instance, () => instance.transaction(inside));
      return await begin(async (tx) => {
        const sending = sendOnPGlite(tx, true);
        const queue = connectionQueueOf(tx);
        await sending.execute(`set transaction isolation level read committed, read write; ${holdCommit}`);
        const result = await transactions.until(encloseIn(transactions, holder, () => work(createSession(queue, sending))));
        await queue.settled();
        holder.open = false;
        const last = withCommit();
        if (last !== "") await sending.execute(last);
        await sending.settle();
        return result;
      });
    } catch (error) {
      // What `work` throws passes through; after it, only the commit can have failed.
      throw holder.open ? error : toTidemarkError(error);
    } finally {
      holder.open = false;
      giveWay(leave);
    }
  }

  async function closeAll(timeoutMs: number | undefined): Promise<void> {
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => transactions.abandon(new StoreClosedError()), timeoutMs);
    await queue.acquire();
    clearTimeout(timer);
    await close();
  }

  const queryable: Pick<Database, "query" | "userQuery"> = {
    query: (statement, values, { signal, timeoutMs = queryTimeoutMs } = {}) =>
      one(statement.name, () => autocommit.query(statement, values, { signal }), { signal, timeoutMs }),
    userQuery: <Row>(text: string, values: readonly unknown[], { signal }: Pick<QueryOptions, "signal"> = {}) =>
      one(
        "query",
        async () => {
          const result = await autocommit.userQuery<Row>(text, values);
          await refuseLeftOpen();
          return result;
        },
        { signal, timeoutMs: queryTimeoutMs },
      ),
  };

  return {
    ...queryable,
    driver: "pglite",
    connections: 1,
    pool: instance,
    noneFree,
    metrics: () => counters.metrics({ max: 1, most: 1, size: 1, idle: queue.free, waiting: queue.waiting }),
    side: () => queryable,
    apart: (work) => work(queryable),
    // No other process can notify: this one has the database alone.
    listen: () => undefined,
    transaction,
    exchange: ({ first, second }) =>
      transaction(async (session) => {
        const { last, result } = second(await sendInTurn(session, first));
        await sendInTurn(session, last);
        return result;
      }),
    refuseReentrance,
    insideTransaction: () => isInside(transactions),
    enclose: (holder, work) => encloseIn(instance, holder, work),
    cutOff() {},
    close(timeoutMs) {
      return (closing ??= closeAll(timeoutMs));
    },
  };
}

/**
 * PGlite answers without a turn of the event loop. Callers who wait for nothing else would stop the whole process: no timer, no
 * signal and no socket would be served until the last of them is done.
 */
function giveWay(leave: () => void): void {
  setImmediate(leave);
}
