import type pg from "pg";
import { eventually, expect } from "./test.ts";

/**
 * How many rows were read so far of some tables in a schema, by sessions that have ended. Waits until there are none but this one in the
 * database: each tells what it has read when it ends at the latest.
 *
 * @param sql - Used by one caller at a time, so that it has one session.
 */
export async function rowsReadIn(sql: pg.Pool, schema: string, tables: readonly string[]): Promise<number> {
  await eventually(async () => {
    const { rows } = await sql.query(
      "select from pg_stat_activity where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()",
    );
    expect(rows).toHaveLength(0);
  });
  await sql.query("select pg_stat_force_next_flush()");
  const { rows } = await sql.query<{ rows: number }>(
    `select sum(t.seq_tup_read + coalesce(t.idx_tup_fetch, 0))::integer as rows
       from pg_stat_user_tables as t
      where t.schemaname = $1 and t.relname = any ($2)`,
    [schema, tables],
  );
  return rows[0]?.rows ?? 0;
}
