import { randomBytes } from "node:crypto";
import pg from "pg";
import { openEventStore, type EventStore, type StoreOptions } from "tidemark";
import { inject, test as base, vi } from "vitest";
import { overloadCalls, withOverloads } from "./overloads.ts";
import { asApplication, asOwner, asSuperuser, asTestRole, createStoreAsOwner, testRole } from "./role.ts";
import { migratedSchemas, schemaName } from "./template.ts";

/**
 * Tests with a database.
 *
 * `databaseUrl`: a database of this test file's own, dropped after it.
 * `sql`: a pool of connections to it.
 * `schema`: the name of a PostgreSQL schema that no other test uses. It must be quoted in SQL: `pg.escapeIdentifier(schema)`. In most tests
 * of a file an empty store is there already; opening one makes sure of it.
 * `absentSchema`: the same, but there is no such schema yet: for tests of what opening and migrating create.
 * `store`: an event store in that schema, closed after the test.
 * `openStore`: opens another one there, with options; closed after the test.
 * `application`: the store of an application that appends and runs workers; `store`, unless the tests run as a role that may not.
 * `openApplication`: opens another one for it, with options; closed after the test.
 * `owner`: the store of the one whom its schema belongs to; `store`, unless the tests run as another role.
 *
 * With TIDEMARK_TEST_ROLE=writer the store's tables belong to another role, and `databaseUrl` is that of one that may do what `rolesSql` grants a
 * writer; `sql` is a superuser's all the same.
 *
 * Every session in the database has an empty search_path, so that a statement that leaves out its schema fails. With
 * TIDEMARK_TEST_OVERLOADS=1 it has `public`, full of overloads that fail a test when they run; `sql` alone has the empty one.
 */
export const test = base
  .extend("databaseUrl", { scope: "file" }, async ({}, { onCleanup }) => {
    const name = `tidemark_test_${randomBytes(6).toString("hex")}`;
    const serverUrl = inject("serverUrl");
    await administer(serverUrl, `create database ${name} template ${inject("templateDatabase")} strategy file_copy`);
    await administer(serverUrl, `alter database ${name} set search_path = ${withOverloads ? "public" : "''"}`);
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    onCleanup(async () => {
      const calls = withOverloads ? await overloadCalls(url.href) : 0;
      await drop(serverUrl, name);
      if (calls > 0) throw new Error(`Overloads in the schema public ran ${calls} times: look for "the overload" in the errors of this file.`);
    });
    return asTestRole(url.href);
  })
  .extend("sql", { scope: "file" }, async ({ databaseUrl }, { onCleanup }) => {
    const pool = new pg.Pool({ connectionString: asSuperuser(databaseUrl), options: "-c search_path=" });
    // The database is dropped under connections that the pool is still closing.
    pool.on("error", () => {});
    onCleanup(() => pool.end());
    return pool;
  })
  // Of the file, as its database is: a process runs many files.
  .extend("schemasGiven", { scope: "file" }, () => ({ migrated: 0, absent: 0 }))
  .extend("schema", async ({ databaseUrl, schemasGiven }) => {
    const number = ++schemasGiven.migrated;
    if (testRole !== undefined && number > migratedSchemas) await createSchemaAsOwner(asSuperuser(databaseUrl), schemaName(number));
    return schemaName(number);
  })
  .extend("absentSchema", ({ schemasGiven }) => `not "yet there ${++schemasGiven.absent}`)
  .extend("openStore", ({ databaseUrl, schema }, { onCleanup }) => {
    const opened: EventStore[] = [];
    onCleanup(async () => {
      await Promise.all(opened.map((store) => store.close()));
    });
    return async (options: StoreOptions = {}): Promise<EventStore> => {
      const store = await openEventStore(databaseUrl, { schema, ...options });
      opened.push(store);
      return store;
    };
  })
  .extend("store", ({ openStore }) => openStore())
  .extend("openApplication", ({ databaseUrl, schema }, { onCleanup }) => {
    const opened: EventStore[] = [];
    onCleanup(async () => {
      await Promise.all(opened.map((store) => store.close()));
    });
    return async (options: StoreOptions = {}): Promise<EventStore> => {
      const store = await openEventStore(asApplication(databaseUrl), { schema, ...options });
      opened.push(store);
      return store;
    };
  })
  .extend("application", async ({ databaseUrl, store, openApplication }): Promise<EventStore> =>
    asApplication(databaseUrl) === databaseUrl ? store : openApplication(),
  )
  .extend("owner", async ({ databaseUrl, schema, store }, { onCleanup }): Promise<EventStore> => {
    if (asOwner(databaseUrl) === databaseUrl) return store;
    const owner = await openEventStore(asOwner(databaseUrl), { schema });
    onCleanup(() => owner.close());
    return owner;
  });

/** Opening a store creates a schema that is not there, which no role but the owner may. */
async function createSchemaAsOwner(superuserUrl: string, schema: string): Promise<void> {
  await connected(superuserUrl, (client) => createStoreAsOwner(client, superuserUrl, schema));
}

/** The same, but `schema` is the name of one that is not there: for tests of what creates it. */
export const testWithoutSchema = test.extend("schema", ({ absentSchema }) => absentSchema);

export { describe, expect } from "vitest";

/** Waits until `check` no longer throws, and returns what it returned. For facts that nothing announces. It gives up before the test itself, to tell what was missing. */
export function eventually<T>(check: () => T | Promise<T>, { timeoutMs = 180_000 }: { readonly timeoutMs?: number } = {}): Promise<T> {
  return vi.waitFor(check, { timeout: timeoutMs, interval: 10 });
}

/**
 * Closed connections take a moment to leave: `pool.end()` resolves before its servers' sessions have ended, and one that is
 * ended by force meanwhile raises an error that nobody catches. What a test left open is ended by force in the end.
 */
async function drop(serverUrl: string, name: string): Promise<void> {
  const orderly = eventually(() => administer(serverUrl, `drop database ${name}`), { timeoutMs: 2_000 });
  await orderly.catch(() => administer(serverUrl, `drop database if exists ${name} with (force)`));
}

async function administer(url: string, statement: string): Promise<void> {
  await connected(url, (client) => client.query(statement));
}

async function connected<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
