import { pause } from "../async/pause.ts";
import type { Database, Queryable, Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { IndexRefusedError } from "../errors/read-models.ts";
import { quoteLiteral } from "../schema/render.ts";
import { type Collection, quotedTable, tableName } from "./collection.ts";
import { indexName, type ValidIndex } from "./collection-index.ts";
import { indexSql } from "./collection-sql.ts";
import { writePath } from "./document-path.ts";
import { duplicateValues } from "./duplicate-values.ts";

type Session = Pick<Queryable, "query">;

/** How often a process looks whether another one has built what it waits for. */
const lookMs = 250;
const mostTries = 3;

/**
 * Builds the indexes that a collection lacks, with CREATE INDEX CONCURRENTLY: documents are written and read all the while. PostgreSQL
 * waits there for every transaction of the database that began before. What a killed build left behind is dropped first.
 *
 * One process at a time does so, for two builds on one table would wait for each other; the others wait. It holds a lock in a
 * transaction of another connection, which sits idle without a snapshot, since a build waits for every snapshot. A lock of the building
 * session's own would stay behind on a pooler's connection.
 *
 * An embedded database has no writers beside it, so there this is a plain build.
 *
 * @throws {@link IndexRefusedError}
 */
export async function reconcileIndexes(database: Database, schema: string, collection: Collection): Promise<void> {
  const lacking = async (session: Session): Promise<readonly ValidIndex[]> => {
    const valid = await validIndexes(session, schema, collection);
    return (collection.indexes ?? []).filter((index) => !valid.has(indexName(tableName(collection), index, collection.deletes)));
  };
  if (database.driver === "pglite") {
    for (const index of await lacking(database)) await build(database, schema, { collection, index }, "");
    return;
  }
  await database.apart(async (holder) => {
    await run(holder, "begin isolation level read committed");
    for (;;) {
      if ((await lacking(database)).length === 0) return;
      if (await takesTurn(holder, schema, collection)) break;
      await pause(lookMs, undefined, { keepsProcess: true });
    }
    await database.apart(async (builder) => {
      await builder.query(unboundedSession, []);
      await untilAlone(builder, schema, collection);
      for (const index of await lacking(builder)) await build(builder, schema, { collection, index }, "concurrently");
    });
  });
}

interface MissingIndex {
  readonly collection: Collection;
  readonly index: ValidIndex;
}

async function build(session: Session, schema: string, { collection, index }: MissingIndex, how: "" | "concurrently"): Promise<void> {
  const drop = `drop index ${how} if exists ${quoteIdentifier(schema)}.${quoteIdentifier(indexName(tableName(collection), index, collection.deletes))}`;
  for (let tries = 1; ; tries++) {
    // Invalid it is of no use to readers, and costs writers as much as a valid one; a unique one even refuses what they write.
    await run(session, drop);
    try {
      return await run(session, indexSql(schema, collection, index, how));
    } catch (error) {
      const refused = isTidemarkError(error, "DATABASE") && error.sqlState === "23505";
      await run(session, drop).catch(() => {});
      if (refused) {
        const duplicates = await duplicateValues(session, schema, collection, index);
        // A document that repeated a value may be another one by now.
        if (duplicates.length > 0 || tries === mostTries) throw new IndexRefusedError(collection, index.paths.map(writePath), duplicates, { cause: error });
      } else if (tries === mostTries || !isTidemarkError(error, "DATABASE") || !error.retryable) throw error;
    }
  }
}

/**
 * Waits for a build that goes on without the process that began it: its server has not noticed. It tries, for who waits for a lock has a
 * snapshot, which that build may wait for.
 */
async function untilAlone(builder: Session, schema: string, collection: Collection): Promise<void> {
  for (;;) {
    await run(builder, "begin");
    try {
      await run(builder, `lock table ${quotedTable(schema, collection)} in share update exclusive mode nowait`);
      return await run(builder, "commit");
    } catch (error) {
      if (!isTidemarkError(error, "DATABASE") || error.sqlState !== "55P03") throw error;
      await run(builder, "rollback");
    }
    await pause(lookMs, undefined, { keepsProcess: true });
  }
}

async function takesTurn(holder: Session, schema: string, collection: Collection): Promise<boolean> {
  const key = `pg_catalog.hashtextextended(${quoteLiteral(`tidemark indexes of ${quotedTable(schema, collection)}`)}, 0)`;
  const text = `select pg_catalog.pg_try_advisory_xact_lock(${key})::text as taken`;
  const [row] = await holder.query({ name: "tidemark_take_turn_at_indexes", text, unprepared: true }, []);
  // What a session asked last keeps its snapshot until it asks for something else, and this needs none.
  await run(holder, "set local idle_in_transaction_session_timeout = 0");
  return row?.["taken"] === "true";
}

async function validIndexes(session: Session, schema: string, collection: Collection): Promise<ReadonlySet<string>> {
  const text = `
    select c.relname::text as name
      from pg_catalog.pg_index as i
      join pg_catalog.pg_class as c on c.oid = i.indexrelid
     where i.indrelid = $1::text::pg_catalog.regclass and i.indisvalid`;
  const rows = await session.query({ name: "tidemark_valid_indexes", text }, [quotedTable(schema, collection)]);
  return new Set(rows.map(({ name }) => name ?? ""));
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

async function run(session: Session, text: string): Promise<void> {
  await session.query({ name: "tidemark_index_statement", text, unprepared: true }, [], { timeoutMs: 0 });
}
