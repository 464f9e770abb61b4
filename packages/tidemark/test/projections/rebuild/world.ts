import pg from "pg";
import type { DocumentProjection } from "tidemark";
import { test as base } from "../../support/test.ts";
import { startWorker, type Started, type StartOptions } from "./worker.ts";

export type Start = (projections: readonly DocumentProjection<object>[], options: StartOptions) => Promise<Started>;

/** `start`: runs a worker for projections, with limits of its own; stopped after the test. */
export const test = base.extend("start", ({ databaseUrl, schema }, { onCleanup }) => {
  const ends: (() => Promise<void>)[] = [];
  onCleanup(async () => {
    for (const end of ends) await end();
  });
  const start: Start = async (projections, options) => {
    const started = await startWorker(databaseUrl, schema, projections, options);
    ends.push(started.stop);
    return started;
  };
  return start;
});

/** All documents of a collection as PostgreSQL writes them. */
export async function rowsOf(sql: pg.Pool, schema: string, projection: DocumentProjection<object>): Promise<readonly string[]> {
  const table = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(`${projection.collection}__v${projection.version}`)}`;
  const { rows } = await sql.query<{ row: string }>(`select _partition || ' ' || _id || ' ' || data::text as row from ${table} order by _partition, _id`);
  return rows.map(({ row }) => row);
}

export { describe, eventually, expect } from "../../support/test.ts";
