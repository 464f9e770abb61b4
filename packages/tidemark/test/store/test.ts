import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { Logger } from "../../src/index.ts";
import { eventually, expect, test as base } from "../support/test.ts";

export { describe, eventually, expect } from "../support/test.ts";

/**
 * Tests of the store as a whole.
 *
 * `q`: the name of the test's schema, quoted for SQL.
 * `folder`: a path where nothing is yet; what stands there is removed after the test.
 * `client`: a connection that is not the store's, closed after the test.
 */
export const test = base
  .extend("q", ({ schema }) => pg.escapeIdentifier(schema))
  .extend("folder", async ({}, { onCleanup }) => {
    const scratch = mkdtempSync(join(tmpdir(), "tidemark-store-"));
    onCleanup(() => rmSync(scratch, { recursive: true, force: true }));
    return join(scratch, "data");
  })
  .extend("client", async ({ databaseUrl }, { onCleanup }) => {
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    onCleanup(() => client.end());
    return client;
  });

/** Resolves when this many sessions of the database wait for a lock. */
export function untilWaiting(sql: pg.Pool, sessions: number): Promise<void> {
  return eventually(async () => {
    const { rows } = await sql.query("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
    expect(rows).toHaveLength(sessions);
  });
}

/** Keeps everything that a store tells, as `level: text`. */
export function recordLogs(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const keep =
    (level: string) =>
    (...args: unknown[]): void => {
      lines.push(`${level}: ${args.map(String).join(" ")}`);
    };
  return { lines, logger: { debug: keep("debug"), info: keep("info"), warn: keep("warn"), error: keep("error") } };
}

/** What `make` returns for 0, 1, 2 … `count - 1`. */
export function times<T>(count: number, make: (n: number) => T): T[] {
  return Array.from({ length: count }, (_, n) => make(n));
}

/** The error that a call must end with, thrown or rejected. */
export async function failure(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("It did not fail.");
}
