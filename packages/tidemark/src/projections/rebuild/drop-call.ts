import { retry } from "../../async/retry.ts";
import type { Session, Statement } from "../../database/database.ts";
import { InvalidArgumentError, isTidemarkError } from "../../errors/errors.ts";
import { ProjectionDependentsError, ProjectionServingError } from "../../errors/rebuilding.ts";
import { quotedTable } from "../../documents/collection.ts";
import { functionName } from "../../schema/function-set.ts";
import type { ProjectionInfo } from "../projection-info.ts";
import type { DropOptions } from "./rebuild-options.ts";
import { definitionOf, hooksOf, type VersionsScope } from "./versions.ts";

const patienceMs = 30_000;

/**
 * Removes a version that does not serve: its table, its place in the log, its row; `teardown` of its definition runs in the same transaction. What
 * workers have in flight for it rolls back.
 *
 * @param stop - Has appends and followers cease to write it.
 */
export async function dropVersion(scope: VersionsScope, info: ProjectionInfo, { teardown = true }: DropOptions, stop: () => Promise<void>): Promise<void> {
  const { name, version, collection } = info;
  if (info.serving) throw serving(info);
  const work = definitionOf(scope, info)?.work;
  if (teardown && work === undefined && (await hooksOf(scope, info)).teardown)
    throw new InvalidArgumentError(
      "name",
      `is ${JSON.stringify(name)}, whose version ${version} has a function "teardown", which this store does not have: pass that version to openEventStore, or drop it with { teardown: false }`,
    );
  await stop();
  const { database, schema } = scope.context;
  const drop: Statement = { name: "tidemark_drop_projection", text: `select ${functionName(schema, "drop_projection")}($1, $2)::text as dropped` };
  const attempt = (): Promise<void> =>
    database.transaction(async (session) => {
      // Whoever reads the table is waited for, and who comes next waits behind this.
      await session.execute("set local lock_timeout = '100ms'");
      const [row] = await session.query(drop, [name, version]);
      // Somebody else dropped it.
      if (row?.["dropped"] == null) return;
      if (row["dropped"] !== "true") throw serving(info);
      if (teardown && work?.kind === "handler" && work.teardown) {
        await work.teardown(scope.createTransaction(session, ""));
        await session.settled();
      }
      if (collection !== undefined) await dropTable(session, schema, info, collection);
    });
  await retry(attempt, {
    firstMs: 40,
    mostMs: 1_000,
    withinMs: patienceMs,
    retryable: (error) => isTidemarkError(error, "DATABASE") && (error.sqlState === "55P03" || error.sqlState === "40P01"),
  });
  await scope.changed();
}

/** The view of a collection that only this version had goes with it. */
async function dropTable(session: Session, schema: string, info: ProjectionInfo, collection: string): Promise<void> {
  const table = quotedTable(schema, { collection, version: info.version });
  const shown: Statement = {
    name: "tidemark_view_of_dropped_version",
    text: `
select distinct r.ev_class::regclass::text as view
  from pg_catalog.pg_depend as d
  join pg_catalog.pg_rewrite as r on r.oid = d.objid
 where d.classid = 'pg_catalog.pg_rewrite'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
   and d.refobjid = pg_catalog.to_regclass($1) and pg_catalog.obj_description(r.ev_class, 'pg_class') = 'tidemark collection'`,
  };
  try {
    const views = await session.query(shown, [table]);
    for (const { view } of views) await session.execute(`drop view ${view}`);
    await session.execute(`drop table if exists ${table}`);
  } catch (error) {
    // What hangs on it, in the server's own words.
    if (!isTidemarkError(error, "DATABASE") || error.sqlState !== "2BP01") throw error;
    const cause = error.cause;
    const detail = typeof cause === "object" && cause !== null && "detail" in cause ? String(cause.detail) : error.message;
    throw new ProjectionDependentsError(
      info,
      detail.split("\n").map((line) => ({ kind: "object", name: line })),
      "It was not dropped: drop these first.",
    );
  }
}

function serving(info: ProjectionInfo): ProjectionServingError {
  return new ProjectionServingError(
    info,
    "It was not dropped: have another version serve first, with store.projections.swap or rollBack; or, where nobody needs the projection any more, deactivate it.",
  );
}
