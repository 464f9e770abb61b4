import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import type { Database, Session, Statement } from "../../src/database/database.ts";
import type { Logger } from "../../src/model/logger.ts";
import { openPgDatabase, type PgDatabaseOptions } from "../../src/database/pg.ts";
import type { PoolSettings, ValidPoolSettings } from "../../src/arguments/pool-options.ts";

/** Keeps what a database warns of. */
export function recordWarnings(): { readonly logger: Logger; readonly warnings: string[] } {
  const warnings: string[] = [];
  const ignore = (): void => {};
  return { warnings, logger: { debug: ignore, info: ignore, warn: (text) => warnings.push(String(text)), error: ignore } };
}

const defaults: ValidPoolSettings = {
  max: 10,
  min: 0,
  connectionTimeoutMs: 10_000,
  idleTimeoutMs: 600_000,
  maxLifetimeMs: 1_800_000,
  queryTimeoutMs: 30_000,
  pingBeforeUse: false,
};

export interface OpenedDatabase extends AsyncDisposable {
  readonly database: Database;
  readonly warnings: readonly string[];
}

export async function open(
  connection: PgDatabaseOptions["connection"],
  settings: PoolSettings = {},
  { prepare = true }: { readonly prepare?: boolean } = {},
): Promise<OpenedDatabase> {
  const { logger, warnings } = recordWarnings();
  const database = await openPgDatabase({ connection, settings: { ...defaults, ...settings }, prepare, logger });
  return { database, warnings, [Symbol.asyncDispose]: () => database.close() };
}

/** The client under a session on a server. */
export function clientOf(session: Session): pg.Client {
  if (session.client instanceof pg.Client) return session.client;
  throw new Error("The client of such a session is a pg.Client.");
}

/** The PGlite under an embedded database. */
export function instanceOf(database: Database): PGlite {
  if (database.pool instanceof PGlite) return database.pool;
  throw new Error("The pool of an embedded database is its PGlite.");
}

export const backendPid: Statement = { name: "backend_pid", text: "select pg_backend_pid()::text as pid" };
export const sleep: Statement = { name: "sleep", text: "select pg_sleep($1::text::float8)::text as slept" };

export async function pidOf(database: Pick<Database, "query">): Promise<number> {
  const [row] = await database.query(backendPid, []);
  return Number(row?.["pid"]);
}

export { gate } from "../support/gate.ts";

/** The error that a promise must reject with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("It resolved.");
}
