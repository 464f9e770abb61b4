import pg from "pg";
import { type EventStore, openEventStore, type StoreOptions } from "tidemark";
import { rowsReadIn } from "./rows-read.ts";

/** The address of a database whose sessions keep every plan from the first call on: how often a session calls what, is chance otherwise. */
export function keepingPlans(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.searchParams.set("options", "-c plan_cache_mode=force_generic_plan");
  return url.href;
}

export interface Beside {
  readonly databaseUrl: string;
  /** Of a store that is made for it. */
  readonly schema: string;
  readonly sql: pg.Pool;
  /** Whose rows are counted. */
  readonly tables: readonly string[];
  readonly options?: StoreOptions;
  /** Inserts so many rows, $1. @param at - The schema, quoted. */
  readonly fill: (at: string) => string;
  /** Starts what the store runs. */
  readonly start: (store: EventStore) => Promise<{
    /** Uses each statement whose plan matters, from one number until another, and waits until all that follows is done. */
    readonly use: (from: number, until: number) => Promise<void>;
    readonly stop: () => Promise<void>;
  }>;
}

/**
 * How many rows are read by a store that is used beside `count` rows that do not concern it. Its sessions have kept plans that they made while
 * the tables were nearly empty and the server knew it, and nothing analyses them again.
 */
export async function rowsReadBeside(count: number, { databaseUrl, schema, sql, tables, options, fill, start }: Beside): Promise<number> {
  const at = pg.escapeIdentifier(schema);
  const store = await openEventStore(keepingPlans(databaseUrl), { schema, pool: { max: 3 }, ...options });
  try {
    for (const table of tables) await sql.query(`alter table ${at}.${table} set (autovacuum_enabled = off)`);
    const { use, stop } = await start(store);
    await use(0, 10);
    for (const table of tables) await sql.query(`analyze ${at}.${table}`);
    await use(10, 20);
    await sql.query(fill(at), [count]);
    await use(20, 60);
    await stop();
  } finally {
    await store.close();
  }
  return await rowsReadIn(sql, schema, tables);
}
