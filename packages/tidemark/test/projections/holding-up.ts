import type pg from "pg";

const gate = 4_712;

/** While `work` runs, whoever writes a document of this collection waits in its transaction, with the document loaded. */
export async function holdingUpWrites<T>(sql: pg.Pool, table: string, work: (release: () => Promise<void>) => Promise<T>): Promise<T> {
  const holder = await sql.connect();
  await holder.query(`
    create function public.wait_at_document() returns trigger language plpgsql set lock_timeout = 0
      as $$ begin perform pg_catalog.pg_advisory_xact_lock_shared(${gate}); return new; end $$;
    create trigger wait_at_document before insert or update on ${table} for each row execute function public.wait_at_document();
    select pg_advisory_lock(${gate})`);
  const release = async (): Promise<void> => void (await holder.query(`select pg_advisory_unlock(${gate})`));
  try {
    return await work(release);
  } finally {
    await holder.query(`select pg_advisory_unlock_all(); drop trigger wait_at_document on ${table}; drop function public.wait_at_document()`);
    holder.release();
  }
}
