import { randomBytes } from "node:crypto";
import pg from "pg";
import { openEventStore } from "../../src/index.ts";
import { overloadsSql, withOverloads } from "./overloads.ts";
import { createStoreAsOwner, createTestRoles, testRole } from "./role.ts";

/**
 * How many schemas hold a store before a file's first test. To migrate one takes 0.15 s of processor time and to open one that is there
 * 0.02 s; to copy a database with twelve takes 0.05 s. The tests after them migrate for themselves.
 */
export const migratedSchemas = 12;

/** The schema of the nth test of a file. */
export function schemaName(n: number): string {
  return `we"ird Schema ${n}`;
}

/** Makes the database on a server that those of the test files are copies of, and returns its name. */
export async function createTemplate(serverUrl: string): Promise<string> {
  const name = `tidemark_test_template_${randomBytes(4).toString("hex")}`;
  const url = new URL(serverUrl);
  await connected(url.href, (client) => client.query(`create database ${name} template template0`));
  url.pathname = `/${name}`;
  if (withOverloads) await connected(url.href, (client) => client.query(overloadsSql()));
  if (testRole !== undefined) {
    await connected(url.href, async (client) => {
      await createTestRoles(client);
      for (let n = 1; n <= migratedSchemas; n++) await createStoreAsOwner(client, url.href, schemaName(n));
    });
    return name;
  }
  for (let n = 1; n <= migratedSchemas; n++) {
    const store = await openEventStore(url.href, { schema: schemaName(n) });
    await store.close();
  }
  return name;
}

export async function dropTemplate(serverUrl: string, name: string): Promise<void> {
  await connected(serverUrl, (client) => client.query(`drop database if exists ${name} with (force)`));
}

async function connected<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString, options: "-c search_path=" });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
