import pg from "pg";
import type { Database } from "../../src/database/database.ts";
import { openPGliteDatabase } from "../../src/database/pglite.ts";
import { migrate } from "../../src/schema/migrate.ts";
import { openDatabase } from "../schema/open.ts";
import { test as base } from "../support/test.ts";

export { describe, eventually, expect } from "../support/test.ts";

// One function for both, so that both have one type.
function testOn(driver: "PostgreSQL" | "PGlite") {
  return base
    .extend("anyDatabase", { scope: "file" }, async ({ databaseUrl }, { onCleanup }): Promise<Database> => {
      const database = driver === "PostgreSQL" ? await openDatabase(databaseUrl) : await openPGliteDatabase({ source: undefined, queryTimeoutMs: 30_000 });
      onCleanup(() => database.close());
      return database;
    })
    .extend("database", async ({ anyDatabase, schema }) => {
      await migrate(anyDatabase, schema);
      return anyDatabase;
    })
    .extend("q", ({ schema }) => pg.escapeIdentifier(schema));
}

/**
 * Tests of collections below the store.
 *
 * `database`: the library's own way to the test's database, with a store's schema.
 * `q`: the name of the schema, quoted for SQL.
 */
export const test = testOn("PostgreSQL");

const server = { driver: "PostgreSQL", test };

/** What one connection can show is shown on both. A run on a server that was given is about that server. */
export const drivers = process.env["TIDEMARK_TEST_URL"] === undefined ? [server, { driver: "PGlite", test: testOn("PGlite") }] : [server];
