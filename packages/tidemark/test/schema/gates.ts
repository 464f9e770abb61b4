import type pg from "pg";
import { eventually } from "../support/test.ts";

const gate = 4_711;

/** Resolves with the pid of a backend whose statement contains `text`, once it waits for a lock. */
export function waitsForLock(sql: pg.Pool, text: string): Promise<number> {
  return eventually(async () => {
    const { rows } = await sql.query<{ pid: number }>(
      "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and wait_event_type = 'Lock' and position($1 in query) > 0",
      [text],
    );
    const [waiting] = rows;
    if (!waiting) throw new Error(`Nobody waits in a statement with ${text}.`);
    return waiting.pid;
  });
}

/** While `work` runs, every command with this tag waits at its end, inside its transaction. */
export async function holdingUp<T>(sql: pg.Pool, tag: string, work: () => Promise<T>): Promise<T> {
  const holder = await sql.connect();
  try {
    await holder.query(`
      create function public.wait_at_gate() returns event_trigger language plpgsql
        as $$ begin perform pg_catalog.pg_advisory_xact_lock_shared(${gate}); end $$;
      create event trigger gate on ddl_command_end when tag in ('${tag}') execute function public.wait_at_gate();
      select pg_advisory_lock(${gate})`);
    return await work();
  } finally {
    // Removed before it opens: the next try of whoever was stopped goes through.
    await holder.query(`drop event trigger gate; drop function public.wait_at_gate(); select pg_advisory_unlock(${gate})`);
    holder.release();
  }
}

/** Takes the lock that migrators of `schema` take, until `work` ends. */
export async function holdingMigrationLock<T>(sql: pg.Pool, schema: string, work: (holder: pg.PoolClient) => Promise<T>): Promise<T> {
  const holder = await sql.connect();
  try {
    await holder.query("begin");
    await holder.query("select pg_advisory_xact_lock(hashtextextended('tidemark migrations of ' || $1, 0))", [schema]);
    return await work(holder);
  } finally {
    await holder.query("rollback");
    holder.release();
  }
}
