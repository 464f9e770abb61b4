import type { DocumentProjection, TidemarkError } from "tidemark";
import { checkPool } from "../../../src/arguments/pool-options.ts";
import { type EventCodec, plainEvents } from "../../../src/catalogue/event-codec.ts";
import type { Database, Session } from "../../../src/database/database.ts";
import { openPgDatabase } from "../../../src/database/pg.ts";
import { Feed } from "../../../src/feed/feed.ts";
import { DefinedDocumentProjection } from "../../../src/projections/defined-projection.ts";
import { projectionFollower } from "../../../src/projections/projection-follower.ts";
import type { BuildLimits } from "../../../src/projections/rebuild/build-run.ts";
import { FollowerWorker } from "../../../src/runtime/follower-worker.ts";
import { createWorkerContext } from "../../../src/runtime/worker-context.ts";
import { silent } from "../../feed/open.ts";

/** What a transaction of the worker's does instead of committing: it is rolled back, or it commits and the answer is lost. */
export type Fate = "commit" | "lost before" | "lost after";

export interface Started {
  readonly worker: FollowerWorker;
  readonly errors: TidemarkError[];
  /** How often statements ran outside of transactions, by name. */
  readonly ran: Map<string, number>;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Undefined: it follows, however far behind it is, one event a transaction. */
  readonly limits: BuildLimits | undefined;
  readonly tenant?: string;
  readonly codec?: EventCodec;
  /** Of each transaction that moves a checkpoint, in turn; then all commit. */
  readonly fates?: readonly Fate[];
  /** Called before each transaction commits. */
  readonly beforeCommit?: () => Promise<void>;
}

const leaseMs = 60_000;

export const eager: BuildLimits = { farBehind: 0, memoryBytes: 64 * 1024 * 1024, flushEveryMs: 0 };
const never: BuildLimits = { ...eager, farBehind: Number.POSITIVE_INFINITY };

/** Runs a worker for projections, with limits of its own. */
export async function startWorker(
  databaseUrl: string,
  schema: string,
  projections: readonly DocumentProjection<object>[],
  { limits, tenant = "", codec = plainEvents, fates = [], beforeCommit = async () => {} }: StartOptions,
): Promise<Started> {
  const real = await openPgDatabase({ connection: databaseUrl, settings: checkPool({}, "pool").pool, prepare: true, logger: silent });
  const ran = new Map<string, number>();
  const database = faulty(real, { fates: [...fates], beforeCommit, ran });
  const feed = new Feed(database, schema, silent);
  const errors: TidemarkError[] = [];
  const context = createWorkerContext({ database, feed, schema, logger: silent, codec });
  const noTransaction = (): never => {
    throw new Error("documents need no transaction of the user's");
  };
  const followers = projections.map((projection) => ({
    ...projectionFollower(context, defined(projection), noTransaction, { limits: limits ?? never }),
    ...(!limits && { batchSize: 1 }),
  }));
  const worker = new FollowerWorker(context, { tenant, leaseMs, background: false, onError: (error) => void errors.push(error) }, followers, new Set());
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopped ??= (async () => {
      await worker.stop();
      await feed.drain();
      await feed.stop();
      await real.close();
    })());
  await worker.start();
  return { worker, errors, ran, stop };
}

export function defined(projection: DocumentProjection<object>): DefinedDocumentProjection {
  if (projection instanceof DefinedDocumentProjection) return projection;
  throw new TypeError("a projection is what documentProjection made");
}

interface Faults {
  readonly fates: Fate[];
  readonly beforeCommit: () => Promise<void>;
  readonly ran: Map<string, number>;
}

/** A database whose transactions end as `fates` says. */
export function faulty(database: Database, { fates, beforeCommit, ran }: Faults): Database {
  const transaction: Database["transaction"] = async <T>(work: (session: Session) => Promise<T>, options?: Parameters<Database["transaction"]>[1]) => {
    // Those of registering have no such limit.
    const fate = options?.idleTimeoutMs === leaseMs ? (fates.shift() ?? "commit") : "commit";
    const result = await database.transaction(async (session) => {
      const done = await work(session);
      if (options?.idleTimeoutMs === leaseMs) await beforeCommit();
      if (fate === "lost before") throw new Error("the process died before the commit");
      return done;
    }, options);
    if (fate === "lost after") throw new Error("the process died after the commit");
    return result;
  };
  const query: Database["query"] = (statement, ...rest) => {
    ran.set(statement.name, (ran.get(statement.name) ?? 0) + 1);
    return database.query(statement, ...rest);
  };
  return new Proxy(database, {
    get(target, key) {
      if (key === "transaction") return transaction;
      if (key === "query") return query;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
