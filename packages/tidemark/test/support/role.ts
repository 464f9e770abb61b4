import pg from "pg";
import { inject, vi } from "vitest";
import { openEventStore, rolesSql } from "../../src/index.ts";

/** The role of `rolesSql` as which tests open stores and connect: `"writer"`, `"worker"`, `"owner"`, `"reader"`, `"operator"`. Undefined: as the superuser. */
export const testRole: string | undefined = process.env["TIDEMARK_TEST_ROLE"];

type Queryable = Pick<pg.Client, "query">;

const prefix = "tidemark_tests";
const migrator = `${prefix}_migrator`;
const login = `${prefix}_login_${testRole}`;
const password = "not a secret";

function as(role: string, databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.username = role;
  url.password = password;
  return url.href;
}

/** The same database as the role of the tests. */
export function asTestRole(databaseUrl: string): string {
  return testRole === undefined ? databaseUrl : as(login, databaseUrl);
}

/** The same database as one who may append and run workers: the role of the tests, if it may, and else the one who migrated. */
export function asApplication(databaseUrl: string): string {
  return testRole === "reader" || testRole === "operator" ? as(migrator, databaseUrl) : databaseUrl;
}

/** The same database as the one whom the schemas belong to: the role of the tests, if it owns them, and else the one who migrated. */
export function asOwner(databaseUrl: string): string {
  return testRole === undefined || testRole === "owner" ? databaseUrl : as(migrator, databaseUrl);
}

/** The same database as the superuser of the run's server. */
export function asSuperuser(databaseUrl: string): string {
  const url = new URL(inject("serverUrl"));
  url.pathname = new URL(databaseUrl).pathname;
  return url.href;
}

/**
 * Creates the roles, in the database that those of test files are copies of. What a superuser's `sql` creates there, a test's own tables, is the
 * application's: its role may do with them what it likes. The store's tables belong to the one who migrated.
 */
export async function createTestRoles(client: Queryable): Promise<void> {
  for (const role of [`${migrator} login password '${password}'`, `${prefix}_${testRole} nologin`, `${login} login password '${password}'`])
    await client.query(`do $$ begin create role ${role}; exception when duplicate_object or unique_violation then null; end $$`);
  await client.query(`
    grant ${prefix}_${testRole} to ${login};
    grant all on schema public to ${login};
    alter default privileges grant all on tables to ${login};
    alter default privileges grant all on sequences to ${login};
    alter default privileges grant all on schemas to ${login}`);
}

/** Roles are the whole server's, and another file's grants may come between: "tuple concurrently updated". */
async function grantAgain(client: Queryable, schema: string): Promise<void> {
  await vi.waitFor(() => client.query(rolesSql({ schema, prefix })), { timeout: 60_000, interval: 10 });
}

/** A schema with a store, migrated by the owner, and the grants of the roles on it. Where tests run as the owner, that is their own login. */
export async function createStoreAsOwner(client: Queryable, superuserUrl: string, schema: string): Promise<void> {
  const owner = testRole === "owner" ? login : migrator;
  await client.query(`create schema if not exists ${pg.escapeIdentifier(schema)} authorization ${testRole === "owner" ? `${prefix}_owner` : migrator}`);
  const store = await openEventStore(as(owner, superuserUrl), { schema });
  await store.close();
  await client.query(rolesSql({ schema, prefix })).catch(() => grantAgain(client, schema));
}
