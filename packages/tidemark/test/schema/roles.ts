import { randomBytes } from "node:crypto";
import type pg from "pg";
import type { Database } from "../../src/database/database.ts";
import { openDatabase } from "./open.ts";

const password = "not a secret";

export interface Role extends AsyncDisposable {
  readonly name: string;
  /** Opens the test's database as this role. Closed with the role. */
  open(databaseUrl: string): Promise<Database>;
}

/** A role that may log in and nothing else; `settings` are its defaults: `set statement_timeout = 1`. */
export async function createRole(sql: pg.Pool, settings?: string): Promise<Role> {
  const name = `tidemark_test_${randomBytes(4).toString("hex")}`;
  const opened: Database[] = [];
  await sql.query(`create role ${name} login password '${password}'`);
  if (settings) await sql.query(`alter role ${name} ${settings}`);
  return {
    name,
    async open(databaseUrl) {
      const url = new URL(databaseUrl);
      url.username = name;
      url.password = password;
      const database = await openDatabase(url.href);
      opened.push(database);
      return database;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((database) => database.close()));
      await sql.query(`drop owned by ${name} cascade; drop role ${name}`);
    },
  };
}
