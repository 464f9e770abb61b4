import type { DocumentProjection, TidemarkError } from "tidemark";
import { checkPool } from "../../../src/arguments/pool-options.ts";
import { type EventCodec, plainEvents } from "../../../src/catalogue/event-codec.ts";
import type { Database, Queryable, Session } from "../../../src/database/database.ts";
import { openPgDatabase } from "../../../src/database/pg.ts";
import type { BackgroundPace } from "../../../src/feed/background-pace.ts";
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
  readonly warnings: unknown[];
  /** How often statements ran outside of transactions, by name. */
  readonly ran: Map<string, number>;
  /** And in transactions. */
  readonly wrote: Map<string, number>;
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Undefined: it follows, however far behind it is, one event a transaction. */
  readonly limits: BuildLimits | undefined;
  readonly tenant?: string;
  readonly codec?: EventCodec;
  /** Of each transaction that moves a checkpoint, in turn; then all commit. */
  readonly fates?: readonly Fate[];
  /** What its builds rest by. @defaultValue the feed's own */
  readonly background?: Pick<BackgroundPace, "busy" | "rest"> & Partial<Pick<BackgroundPace, "pageRows">>;
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
  { limits, tenant = "", codec = plainEvents, fates = [], background, beforeCommit = async () => {} }: StartOptions,
): Promise<Started> {
  const real = await openPgDatabase({ connection: databaseUrl, settings: checkPool({}, "pool").pool, prepare: true, logger: silent });
  const [ran, wrote] = [new Map<string, number>(), new Map<string, number>()];
  const database = faulty(real, { fates: [...fates], beforeCommit, ran, wrote });
  const feed = new Feed(database, schema, silent);
  if (background) Object.defineProperty(feed, "background", { value: { restInTransaction: background.rest, ...background } });
  const errors: TidemarkError[] = [];
  const warnings: unknown[] = [];
  const logger = { ...silent, warn: (warning: unknown) => void warnings.push(warning) };
  const context = createWorkerContext({ database, feed, schema, logger, codec, traced: { schema, driver: "pg" } });
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
  return { worker, errors, warnings, ran, wrote, stop };
}

export function defined(projection: DocumentProjection<object>): DefinedDocumentProjection {
  if (projection instanceof DefinedDocumentProjection) return projection;
  throw new TypeError("a projection is what documentProjection made");
}

interface Faults {
  readonly fates: Fate[];
  readonly beforeCommit: () => Promise<void>;
  readonly ran: Map<string, number>;
  readonly wrote: Map<string, number>;
}

/** A database whose transactions end as `fates` says. */
export function faulty(database: Database, { fates, beforeCommit, ran, wrote }: Faults): Database {
  const transaction: Database["transaction"] = async <T>(work: (session: Session) => Promise<T>, options?: Parameters<Database["transaction"]>[1]) => {
    // Those of registering have no such limit.
    const fate = options?.idleTimeoutMs === leaseMs ? (fates.shift() ?? "commit") : "commit";
    const result = await database.transaction(async (session) => {
      const done = await work(withOwn(session, { query: counted(session, wrote) }));
      if (options?.idleTimeoutMs === leaseMs) await beforeCommit();
      if (fate === "lost before") throw new Error("the process died before the commit");
      return done;
    }, options);
    if (fate === "lost after") throw new Error("the process died after the commit");
    return result;
  };
  return withOwn(database, { transaction, query: counted(database, ran) });
}

function counted(queryable: Queryable, counts: Map<string, number>): Queryable["query"] {
  return (statement, ...rest) => {
    counts.set(statement.name, (counts.get(statement.name) ?? 0) + 1);
    return queryable.query(statement, ...rest);
  };
}

function withOwn<T extends object>(real: T, own: Partial<T>): T {
  return new Proxy(real, {
    get(target, key) {
      if (key in own) return Reflect.get(own, key);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}
