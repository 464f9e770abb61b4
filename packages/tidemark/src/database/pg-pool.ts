import type { TidemarkError } from "../errors/tidemark-error.ts";
import { ConnectionError, PoolTimeoutError } from "../errors/database.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import type { Logger } from "../model/logger.ts";
import type { PgClient, PgPool, PooledPgClient } from "./pg-client.ts";
import { PgConnection } from "./pg-connection.ts";
import { PoolCounters, type PoolMetrics } from "./pool-counters.ts";
import { PoolHolders } from "./pool-holders.ts";
import type { ValidPoolSettings } from "../arguments/pool-options.ts";
import { toConnectError } from "./sql-state.ts";
import { defaultGraceMs } from "./verdict.ts";

export interface PgConnections {
  readonly pool: PgPool;
  readonly max: number;
  /**
   * Lends a connection to `run` and takes it back, whatever happens. An abort ends the wait with nothing sent.
   *
   * @param work - What it is for, as `PoolHolder` tells.
   */
  use<T>(work: string, signal: AbortSignal | undefined, run: (connection: PgConnection) => Promise<T>): Promise<T>;
  /** The error of a call that waited for so long. */
  noneFree(waitedMs: number): PoolTimeoutError;
  metrics(): PoolMetrics;
  /** Closes the pool where this module opened it. */
  close(): Promise<void>;
}

/** @param waiting - Other calls that wait. */
type NoneFree = (waitedMs: number, waiting: number, cause?: unknown) => PoolTimeoutError;

/** What a pool has beyond the contract, where it is a pg.Pool. */
interface AnyPool extends PgPool {
  readonly options?: { readonly max?: number; readonly connectionTimeoutMillis?: number };
  readonly waitingCount?: number;
  readonly idleCount?: number;
  readonly ended?: boolean;
  on?(event: "error", listener: (error: Error) => void): unknown;
  on?(event: "connect", listener: (client: PgClient) => void): unknown;
  removeListener?(event: "error", listener: (error: Error) => void): unknown;
  removeListener?(event: "connect", listener: (client: PgClient) => void): unknown;
}

export async function openPool(url: string, settings: ValidPoolSettings): Promise<PgPool & { end(): Promise<void> }> {
  const { default: pg } = await import("pg");
  const config = {
    connectionString: url,
    fallback_application_name: "tidemark",
    keepAlive: true,
    max: settings.max,
    min: settings.min,
    connectionTimeoutMillis: settings.connectionTimeoutMs,
    idleTimeoutMillis: settings.idleTimeoutMs,
    maxLifetimeSeconds: settings.maxLifetimeMs / 1_000,
    // A store that was never closed would keep its process for `idleTimeoutMs`. What is under way keeps it still.
    allowExitOnIdle: true,
  };
  try {
    void new pg.Client(config);
  } catch (error) {
    // Without the cause: a URL error carries the whole URL, and so the password.
    throw new InvalidArgumentError(
      "url",
      `is not a PostgreSQL connection string: ${error instanceof Error ? error.message : "it cannot be read"}. It looks like postgres://user:password@host:5432/database.`,
    );
  }
  return new pg.Pool(config);
}

export function lendFrom(pool: AnyPool, settings: ValidPoolSettings, logger: Logger, close: () => Promise<void>): PgConnections {
  const max = pool.options?.max ?? settings.max;
  const waitMs = pool.options?.connectionTimeoutMillis || settings.connectionTimeoutMs;
  /** Of each client: how often the server had turned out to be a standby when it was asked for. */
  const madeAfter = new WeakMap<object, number>();
  let demotions = 0;
  const counters = new PoolCounters();
  const holders = new PoolHolders();
  const noneFree = (waitedMs: number, waiting: number, cause?: unknown): PoolTimeoutError =>
    new PoolTimeoutError({ waitedMs, max, size: pool.totalCount, waiting, holders: holders.longest() }, cause === undefined ? {} : { cause });
  let told = false;
  /** A server that stops takes all idle connections with it: that is told once, until there is a new one. */
  const onIdleError = (error: Error): void => {
    if (!told) logger.info(`tidemark: an idle connection was lost; the next call opens another: ${error.message}`);
    told = true;
  };
  const onConnect = (): void => void (told = false);
  pool.on?.("error", onIdleError);
  pool.on?.("connect", onConnect);
  pool.on?.("connect", listenMeanwhile);

  /**
   * Only a connection that was idle can have died unseen. There are at most `max` of those, then the pool opens a new one. One that was made
   * before a failover may lead to the server that was the primary: some platforms leave those sockets open for good.
   */
  async function acquire(signal: AbortSignal | undefined): Promise<{ client: PooledPgClient; connection: PgConnection }> {
    for (let dead = 0; ; dead++) {
      const { client, fresh } = await connectNoting(signal);
      const connection = new PgConnection(client, logger);
      connection.attach();
      const lost = lostMeanwhile.get(client);
      if (lost) {
        connection.discard();
        giveBack(client, connection);
        throw toConnectError(lost);
      }
      if ((madeAfter.get(client) ?? 0) < demotions) {
        connection.discard();
        giveBack(client, connection);
        continue;
      }
      if (!settings.pingBeforeUse || fresh) return { client, connection };
      try {
        // Nothing is lost with a connection that does not answer: it need not be asked what became of this.
        await connection.run({ text: "select 1" }, { timeoutMs: waitMs || defaultGraceMs, graceMs: 1 });
        return { client, connection };
      } catch (error) {
        giveBack(client, connection);
        if (dead >= max) throw new ConnectionError("Every pooled connection was dead, and so was a new one. Nothing was sent.", { sent: false, cause: error });
      }
    }
  }

  /** A connection can lead to the server that was the primary even if it was ready only after the failover was noticed: what counts is when it was begun. */
  async function connectNoting(signal: AbortSignal | undefined): Promise<{ client: PooledPgClient; fresh: boolean }> {
    const after = demotions;
    let fresh = false;
    const client = await connect({ pool, max, waitMs, noneFree }, signal, (made) => {
      fresh = !madeAfter.has(made);
      if (fresh) madeAfter.set(made, after);
    });
    return { client, fresh };
  }

  function giveBack(client: PooledPgClient, connection: PgConnection): void {
    if (connection.demoted) demotions++;
    // The pool adds its own error listener first, so that there is never a moment without one.
    client.release(!connection.reusable);
    connection.detach();
  }

  return {
    pool,
    max,
    async use(work, signal, run) {
      const { client, connection } = await counters.acquiring(() => acquire(signal), isNoConnection);
      const leave = holders.take(work, connection);
      try {
        return await run(connection);
      } finally {
        leave();
        counters.released();
        giveBack(client, connection);
      }
    },
    noneFree: (waitedMs) => noneFree(waitedMs, pool.waitingCount ?? 0),
    metrics: () => counters.metrics({ max, most: max, size: pool.totalCount, idle: pool.idleCount ?? 0, waiting: pool.waitingCount ?? 0 }),
    async close() {
      await close();
      // A pool that was ended may still hear of a connection: end() does not wait until the server has let it go.
      if (pool.ended !== true) pool.removeListener?.("error", onIdleError);
      pool.removeListener?.("connect", listenMeanwhile);
      pool.removeListener?.("connect", onConnect);
    },
  };
}

/** Why connections were lost before anybody had them. */
const lostMeanwhile = new WeakMap<object, Error>();

/**
 * A packet may end the handshake and the connection at once: the server stops, or ends the session. pg reads the rest of it before
 * the promise of `connect` resolves, when the pool listens no more and `attach` not yet, and an error without a listener ends the
 * process.
 */
function listenMeanwhile(client: PgClient): void {
  const onError = (error: Error): void => void lostMeanwhile.set(client, error);
  client.on("error", onError);
  setImmediate(() => client.removeListener("error", onError));
}

interface ConnectFrom {
  readonly pool: AnyPool;
  readonly max: number;
  readonly waitMs: number;
  readonly noneFree: NoneFree;
}

/** One client of the pool's, or the reason why there is none; a client that comes too late goes straight back. */
async function connect(
  { pool, max, waitMs, noneFree }: ConnectFrom,
  signal: AbortSignal | undefined,
  onMade: (client: PooledPgClient) => void,
): Promise<PooledPgClient> {
  signal?.throwIfAborted();
  const arriving = (async () => {
    const client = (await pool.connect()) as PooledPgClient;
    onMade(client);
    return client;
  })();
  return await new Promise<PooledPgClient>((resolve, reject) => {
    let over = false;
    const finish = (settle: () => void): void => {
      over = true;
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      settle();
    };
    const onAbort = (): void => finish(() => reject(signal?.reason));
    // A pool of the user's own may have no limit.
    const timer = waitMs > 0 ? setTimeout(() => finish(() => reject(noConnection(pool, max, waitMs, noneFree))), waitMs) : undefined;
    signal?.addEventListener("abort", onAbort, { once: true });
    arriving.then(
      (client) => (over ? client.release() : finish(() => resolve(client))),
      (error: unknown) => over || finish(() => reject(isPoolTimeout(error) ? noneFree(waitMs, pool.waitingCount ?? 0, error) : toConnectError(error))),
    );
  });
}

function isNoConnection(error: unknown): boolean {
  return isTidemarkError(error, "POOL_TIMEOUT");
}

/** pg-pool gives this error no code. */
function isPoolTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === "timeout exceeded when trying to connect";
}

/** Who waits for a connection that is being made is not among those who wait for a free one. */
function noConnection({ totalCount, waitingCount = 1 }: AnyPool, max: number, waitMs: number, noneFree: NoneFree): TidemarkError {
  // The call itself still waits in the pool's own queue.
  if (totalCount >= max && waitingCount > 0) return noneFree(waitMs, waitingCount - 1);
  return new ConnectionError(`No connection to PostgreSQL was made within ${waitMs} ms (pool.connectionTimeoutMs). Nothing was sent.`, {
    sent: false,
  });
}
