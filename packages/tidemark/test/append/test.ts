import pg from "pg";
import { isTidemarkError } from "tidemark";
import { eventually, expect, test as base } from "../support/test.ts";

export { describe, eventually, expect } from "../support/test.ts";
export { gate, recordWarnings, rejection } from "../database/open.ts";

/** One event as it stands in the log. */
export interface Logged {
  readonly stream: string;
  readonly version: number;
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly data: Added["data"];
  readonly tags: readonly string[] | null;
  readonly tenant: string;
  readonly recorded_at: Date;
  /** The id of the transaction that wrote it. */
  readonly transaction: string;
}

/**
 * Tests of appending.
 *
 * `q`: the name of the test's schema, quoted for SQL.
 * `log`: all events there, or those of a stream, in the order of the log.
 * `client`: opens a connection that is not a store's; closed after the test.
 */
export const test = base
  .extend("q", ({ schema }) => pg.escapeIdentifier(schema))
  .extend("log", ({ sql, q }) => async (stream?: string): Promise<Logged[]> => {
    const { rows } = await sql.query(
      `select s.name as stream, e.version::int, e.position::int, e.id, e.type, e.data, e.tags, e.tenant, e.recorded_at, e.xmin::text as transaction
         from ${q}.events as e join ${q}.streams as s on s.id = e.stream_id
        where $1::text is null or s.name = $1
        order by e.position`,
      [stream],
    );
    return rows;
  })
  .extend("client", async ({ databaseUrl }, { onCleanup }) => {
    const clients: pg.Client[] = [];
    onCleanup(async () => {
      await Promise.all(clients.map((client) => client.end()));
    });
    return async (): Promise<pg.Client> => {
      const client = new pg.Client(databaseUrl);
      await client.connect();
      clients.push(client);
      return client;
    };
  });

export interface Added {
  readonly type: "ItemAdded";
  readonly data: { readonly n: number };
}

/** An event: `added(1)` carries `{ n: 1 }`. */
export function added(n = 1): Added {
  return { type: "ItemAdded", data: { n } };
}

/** What `make` returns for 0, 1, 2 … `count - 1`. */
export function times<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

/** Locks the row of a stream in a transaction of its own, which `client` has open afterwards. */
export async function lockStream(client: pg.ClientBase, q: string, name: string): Promise<void> {
  await client.query("begin");
  const { rowCount } = await client.query(`select 1 from ${q}.streams where name = $1 for update`, [name]);
  if (rowCount !== 1) throw new Error(`There is no stream ${name} to lock.`);
}

/** Resolves when this many appends wait, each on a connection of its own, for a stream that another transaction holds. */
export function waitersFor(sql: pg.Pool, count: number): Promise<void> {
  return eventually(async () => {
    const { rows } = await sql.query(
      "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%append_waiting%'",
    );
    expect(rows).toHaveLength(count);
  });
}

/** The ids with which an append of unknown outcome may be repeated. */
export function idsOf(error: unknown): readonly string[] {
  if (!isTidemarkError(error, "OUTCOME_UNKNOWN")) throw error;
  return error.eventIds;
}
