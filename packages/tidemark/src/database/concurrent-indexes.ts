import { pause } from "../async/pause.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { Database, Queryable, Statement } from "./database.ts";
import { type IndexWatch, watchIndexBuilds } from "./index-build-watch.ts";

type Session = Pick<Queryable, "query">;

/** How an index is built: beside the writers of its table, or in an embedded database, which has none, as any statement. */
export type Building = "" | "concurrently";

/** How often a process looks whether another one has built what it waits for. */
const lookMs = 250;
const mostTries = 3;

/** Indexes of one table, and how each is built. */
export interface IndexBuilds<Index> {
  /** Qualified and quoted. */
  readonly table: string;
  /** The indexes that are not there, or invalid. */
  lacking(session: Session): Promise<readonly Index[]>;
  build(session: Session, index: Index, building: Build): Promise<void>;
}

/** One build. */
export interface Build {
  readonly how: Building;
  /** Ends it. What it leaves behind is invalid. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Builds the indexes that a table lacks, with CREATE INDEX CONCURRENTLY: rows are written and read all the while. PostgreSQL waits there for
 * every transaction of the database that began before.
 *
 * One process at a time does so, for two builds on one table would wait for each other; the others wait. It holds a lock in a
 * transaction of another connection, which sits idle without a snapshot, since a build waits for every snapshot. A lock of the building
 * session's own would stay behind on a pooler's connection.
 *
 * An embedded database has no writers beside it, so there this is a plain build.
 */
export async function buildLackingIndexes<Index>(database: Database, { table, lacking, build }: IndexBuilds<Index>, watch: IndexWatch = {}): Promise<void> {
  watch.signal?.throwIfAborted();
  if (database.driver === "pglite") {
    for (const index of await lacking(database)) await build(database, index, { how: "", signal: watch.signal });
    return;
  }
  await watchIndexBuilds(database, table, watch, (signal) =>
    database.apart(async (holder) => {
      await runIndexStatement(holder, "begin isolation level read committed");
      for (;;) {
        if ((await lacking(database)).length === 0) return;
        if (await takesTurn(holder, table)) break;
        await pause(lookMs, signal, { keepsProcess: true });
      }
      await alone(database, table, signal, async (builder) => {
        for (const index of await lacking(builder)) await build(builder, index, { how: "concurrently", signal });
      });
    }),
  );
}

/** Drops an index, if it is there, beside the writers of its table. @param index - Qualified and quoted. */
export async function dropIndex(database: Database, table: string, index: string): Promise<void> {
  if (database.driver === "pglite") return await runIndexStatement(database, dropSql(index, ""));
  await alone(database, table, undefined, (session) => runIndexStatement(session, dropSql(index, "concurrently")));
}

/** One index, in SQL. */
export interface BuiltIndex {
  /** Qualified and quoted. */
  readonly name: string;
  sql(how: Building): string;
  /**
   * What to throw where rows that are there do not fit a unique index; undefined: it is tried again.
   *
   * @param last - Whether this was the last try.
   */
  refused?(error: unknown, last: boolean): Promise<Error | undefined>;
}

/** Builds one index, in the place of what a build that failed or was killed has left behind. */
export async function buildIndex(session: Session, { name, sql, refused }: BuiltIndex, { how, signal }: Build): Promise<void> {
  for (let tries = 1; ; tries++) {
    // Invalid it is of no use to readers, and costs writers as much as a valid one; a unique one even refuses what they write.
    await runIndexStatement(session, dropSql(name, how), signal);
    try {
      return await runIndexStatement(session, sql(how), signal);
    } catch (error) {
      // To drop it could take as long as what was waited for.
      signal?.throwIfAborted();
      const last = tries === mostTries;
      await runIndexStatement(session, dropSql(name, how)).catch(() => {});
      if (refused && isTidemarkError(error, "DATABASE") && error.sqlState === "23505") {
        const refusal = await refused(error, last);
        if (refusal) throw refusal;
      } else if (last || !isTidemarkError(error, "DATABASE") || !error.retryable) throw error;
    }
  }
}

/** The names of a table's indexes that can be used. @param table - Qualified and quoted. */
export async function validIndexes(session: Session, table: string): Promise<ReadonlySet<string>> {
  const text = `
    select c.relname::text as name
      from pg_catalog.pg_index as i
      join pg_catalog.pg_class as c on c.oid = i.indexrelid
     where i.indrelid = $1::text::pg_catalog.regclass and i.indisvalid`;
  const rows = await session.query({ name: "tidemark_valid_indexes", text }, [table]);
  return new Set(rows.map(({ name }) => name ?? ""));
}

function dropSql(index: string, how: Building): string {
  return `drop index ${how} if exists ${index}`;
}

/**
 * Runs `work` once no other build of the table goes on: a server may not have noticed yet that the process that began it is gone. It tries,
 * for who waits for a lock has a snapshot, which that build may wait for.
 */
async function alone(database: Database, table: string, signal: AbortSignal | undefined, work: (session: Session) => Promise<void>): Promise<void> {
  await database.apart(async (session) => {
    await session.query(unboundedSession, []);
    for (;;) {
      await runIndexStatement(session, "begin");
      try {
        await runIndexStatement(session, `lock table ${table} in share update exclusive mode nowait`);
        await runIndexStatement(session, "commit");
        break;
      } catch (error) {
        if (!isTidemarkError(error, "DATABASE") || error.sqlState !== "55P03") throw error;
        await runIndexStatement(session, "rollback");
      }
      await pause(lookMs, signal, { keepsProcess: true });
    }
    await work(session);
  });
}

async function takesTurn(holder: Session, table: string): Promise<boolean> {
  const text = "select pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended($1::text, 0))::text as taken";
  const [row] = await holder.query({ name: "tidemark_take_turn_at_indexes", text, unprepared: true }, [`tidemark indexes of ${table}`]);
  // What a session asked last keeps its snapshot until it asks for something else, and this needs none.
  await runIndexStatement(holder, "set local idle_in_transaction_session_timeout = 0");
  return row?.["taken"] === "true";
}

/** What a role or a database may have bounded, which would end a build of a large table. */
const unboundedSession: Statement = {
  name: "tidemark_unbounded_session",
  text: `
select pg_catalog.set_config(s.name, s.wanted, false)
  from (values ('statement_timeout', '0'), ('lock_timeout', '0'), ('transaction_timeout', '0'), ('default_transaction_read_only', 'off')) as s (name, wanted)
 where pg_catalog.current_setting(s.name, true) is distinct from s.wanted and pg_catalog.current_setting(s.name, true) is not null`,
  unprepared: true,
};

async function runIndexStatement(session: Session, text: string, signal?: AbortSignal): Promise<void> {
  await session.query({ name: "tidemark_index_statement", text, unprepared: true }, [], { timeoutMs: 0, signal });
}
