import { pause } from "../async/pause.ts";
import type { Logger } from "../model/logger.ts";
import type { Database, Statement, TextRow } from "./database.ts";

/**
 * How the build of an index goes.
 *
 * @example
 * ```ts
 * const show = ({ index, phase, fraction }: IndexProgress): void => console.debug(index, phase, fraction);
 * await store.indexes.create("causation", { onProgress: show });
 * ```
 */
export interface IndexProgress {
  /** Its name in the schema. */
  readonly index: string;
  /** In PostgreSQL's words, as `pg_stat_progress_create_index` has it: `"building index: scanning table"`. */
  readonly phase: string;
  /** How much of this phase is done, from 0 to 1. Undefined where PostgreSQL does not say. */
  readonly fraction: number | undefined;
  /** The transaction that the build waits for. Undefined while it works. */
  readonly waitingFor: IndexBlocker | undefined;
}

/**
 * A transaction that a build waits for: it began before, and might not see the index.
 *
 * @example
 * ```ts
 * const stop = (blocker: IndexBlocker) => store.query("select pg_catalog.pg_terminate_backend($1)", [blocker.pid]);
 * const watch = ({ waitingFor }: IndexProgress): void => void (waitingFor?.application === "psql" && stop(waitingFor));
 * await store.indexes.create("causation", { onProgress: watch });
 * ```
 */
export interface IndexBlocker {
  readonly pid: number;
  /** Its `application_name`; undefined where this role may not see it. */
  readonly application: string | undefined;
  /** When its transaction began; undefined where this role may not see it. */
  readonly since: Date | undefined;
}

export interface IndexWatch {
  readonly onProgress?: ((progress: IndexProgress) => void) | undefined;
  /** Is told whom a build waits for. */
  readonly logger?: Pick<Logger, "warn"> | undefined;
  readonly signal?: AbortSignal | undefined;
}

const lookMs = 250;
/** Shorter waits are the rule where something is written all the while. */
const patienceMs = 5_000;

const statement: Statement = {
  name: "tidemark_index_progress",
  text: `
select i.relname::text as index, p.phase, p.current_locker_pid::text as pid, l.application_name as application,
       pg_catalog.floor(extract(epoch from l.xact_start) * 1000::numeric)::text as since,
       case
         when p.phase like 'waiting%' and p.lockers_total > 0 then p.lockers_done::double precision / p.lockers_total::double precision
         when p.tuples_total > 0 then p.tuples_done::double precision / p.tuples_total::double precision
         when p.blocks_total > 0 then p.blocks_done::double precision / p.blocks_total::double precision
       end::text as fraction
  from pg_catalog.pg_stat_progress_create_index as p
  left join pg_catalog.pg_class as i on i.oid = p.index_relid
  left join pg_catalog.pg_stat_activity as l on l.pid = p.current_locker_pid
 where p.datname = pg_catalog.current_database() and p.relid = $1::text::pg_catalog.regclass`,
  unprepared: true,
};

/**
 * Tells how builds of a table's indexes go while `work` runs, from another connection.
 *
 * @param table - Qualified and quoted.
 * @param work - What builds. Its signal aborts with that of `watch`, and with what `onProgress` throws.
 */
export async function watchIndexBuilds<T>(
  database: Database,
  table: string,
  { onProgress, logger, signal }: IndexWatch,
  work: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  // An embedded database does nothing else meanwhile.
  if (database.driver === "pglite" || (!onProgress && !logger)) return await work(signal);
  const [over, refused] = [new AbortController(), new AbortController()];
  const watching = watchUntil(AbortSignal.any([over.signal, ...(signal ? [signal] : [])]), database, table, (progress) => {
    try {
      onProgress?.(progress);
    } catch (error) {
      refused.abort(error);
    }
    return logger;
  });
  // It ends by its signal, and maybe before `work`. If the database failed, that is what `work` says.
  watching.catch(() => {});
  try {
    return await work(AbortSignal.any([refused.signal, ...(signal ? [signal] : [])]));
  } finally {
    over.abort();
    await watching.catch(() => {});
  }
}

async function watchUntil(
  signal: AbortSignal,
  database: Database,
  table: string,
  tell: (progress: IndexProgress) => Pick<Logger, "warn"> | undefined,
): Promise<void> {
  let [pid, since, told]: [number | undefined, number, boolean] = [undefined, 0, false];
  for (; ; await pause(lookMs, signal, { keepsProcess: true })) {
    const [row] = await database.query(statement, [table], { signal });
    if (!row) continue;
    const progress = progressOf(row);
    const logger = tell(progress);
    const { index, waitingFor } = progress;
    if (waitingFor?.pid !== pid) [pid, since, told] = [waitingFor?.pid, performance.now(), false];
    if (!waitingFor || told || performance.now() - since < patienceMs) continue;
    told = true;
    logger?.warn(`tidemark: the index ${JSON.stringify(index)} is ready only when ${described(waitingFor)} has ended. Reading and writing go on meanwhile.`);
  }
}

function progressOf(row: TextRow): IndexProgress {
  const { index, phase, fraction, pid, application, since } = row;
  const waits = phase?.startsWith("waiting") && pid != null && pid !== "0";
  return {
    index: index ?? "",
    phase: phase ?? "",
    fraction: fraction == null ? undefined : Number(fraction),
    waitingFor: waits ? { pid: Number(pid), application: application ?? undefined, since: since == null ? undefined : new Date(Number(since)) } : undefined,
  };
}

/** `process 12 (application "psql", its transaction open since 2026-11-29T10:00:00.000Z)` */
export function described({ pid, application, since }: IndexBlocker): string {
  const known = [
    ...(application === undefined ? [] : [`application ${JSON.stringify(application)}`]),
    ...(since === undefined ? [] : [`its transaction open since ${since.toISOString()}`]),
  ];
  return `process ${pid}${known.length > 0 ? ` (${known.join(", ")})` : ""}`;
}
