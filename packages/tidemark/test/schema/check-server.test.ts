import pg from "pg";
import type { Database } from "../../src/database/database.ts";
import { checkServer, judge } from "../../src/schema/check-server.ts";
import { migrate } from "../../src/schema/migrate.ts";
import { migrations, shippedSchema } from "../../src/schema/migrations.ts";
import { openSchema } from "../../src/schema/open-schema.ts";
import { openDatabase } from "./open.ts";
import { createRole } from "./roles.ts";
import { describe, eventually, expect, test } from "./test.ts";

/** The same database, and how many statements and transactions it was asked for. */
function counted(database: Database): Database & { readonly calls: number } {
  let calls = 0;
  return {
    ...database,
    get calls() {
      return calls;
    },
    query: (...args) => (calls++, database.query(...args)),
    transaction: (...args) => (calls++, database.transaction(...args)),
  };
}

const nothing = { migrations: [], functions: [] };

describe("the server", () => {
  test("is told by its version and settings, with or without a store", async ({ database, schema, sql }) => {
    const { rows } = await sql.query("select current_setting('server_version') as version, current_setting('synchronous_commit') as synchronous");
    const facts = { serverVersion: rows[0]["version"], synchronousCommit: rows[0]["synchronous"], inRecovery: false, transactionIsolation: "read committed" };
    expect(await checkServer(database, schema)).toEqual({ ...facts, applied: nothing });
    await migrate(database, schema);
    expect(await checkServer(database, schema)).toEqual({
      ...facts,
      applied: {
        migrations: migrations.map(({ version, name, hash, breaking }) => ({ version, name, hash, breaking, appliedAt: expect.any(Date) })),
        functions: [{ hash: shippedSchema.functions.hash, appliedAt: expect.any(Date) }],
      },
    });
    expect(await checkServer(database, schema, { withApplied: false })).toEqual({ ...facts, applied: nothing });
  });

  test("tells the isolation level that a role's statements have by default", async ({ databaseUrl, schema, sql }) => {
    await using role = await createRole(sql, "set default_transaction_isolation = 'repeatable read'");
    expect(await checkServer(await role.open(databaseUrl), schema)).toMatchObject({ transactionIsolation: "repeatable read" });
  });

  test("is refused where a role's sessions run no triggers", async ({ databaseUrl, schema, sql }) => {
    await using role = await createRole(sql, "set session_replication_role = replica");
    await expect(checkServer(await role.open(databaseUrl), schema)).rejects.toMatchObject({
      code: "DATABASE",
      sqlState: "55000",
      message: expect.stringMatching(/session_replication_role = replica: .* Run: alter role \S+ reset session_replication_role/),
    });
  });

  test("is refused before version 15", () => {
    const row = { version: "14.12 (Debian)", version_number: "140012", encoding: "UTF8" };
    expect(() => judge(row, "tidemark")).toThrow(
      expect.objectContaining({
        code: "DATABASE",
        sqlState: "0A000",
        message: expect.stringContaining("PostgreSQL 14.12 (Debian); tidemark needs 15 or later"),
      }),
    );
    expect(judge({ ...row, version: "15.0", version_number: "150000" }, "tidemark").serverVersion).toBe("15.0");
  });

  test("is refused with another encoding than UTF8", async ({ databaseUrl, schema, sql }) => {
    const name = `${new URL(databaseUrl).pathname.slice(1)}_latin`;
    await sql.query(`create database ${name} encoding 'LATIN1' locale 'C' template template0`);
    const url = new URL(databaseUrl);
    url.pathname = `/${name}`;
    const latin = await openDatabase(url.href);
    try {
      await expect(checkServer(latin, schema)).rejects.toMatchObject({
        code: "DATABASE",
        sqlState: "0A000",
        message: expect.stringContaining("encoding is LATIN1"),
      });
    } finally {
      await latin.close();
      // The server notices the end of a connection a moment after the client.
      await eventually(() => sql.query(`drop database ${name}`));
    }
  });

  test.for(["cache 2", "increment by 2", "cycle"])("is refused when its position sequence has %s", async (change, { database, schema, sql }) => {
    await migrate(database, schema);
    await sql.query(`alter sequence ${pg.escapeIdentifier(schema)}.events_position_seq ${change}`);
    const error: unknown = await checkServer(database, schema).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "DATABASE", sqlState: "55000" });
    const [, remedy = ""] = /Run: (.*)$/.exec(String(error)) ?? [];
    await sql.query(remedy);
    expect(await checkServer(database, schema)).toMatchObject({ inRecovery: false });
  });

  test("is refused to a role that may not use the sequence, with the grant that it lacks", async ({ database, databaseUrl, schema, sql }) => {
    await migrate(database, schema);
    await using role = await createRole(sql);
    const quoted = pg.escapeIdentifier(schema);
    await sql.query(
      `grant usage on schema ${quoted} to ${role.name}; grant select on ${quoted}.migrations, ${quoted}.function_sets, ${quoted}.events to ${role.name}`,
    );
    const own = await role.open(databaseUrl);
    const error: unknown = await checkServer(own, schema).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "DATABASE", sqlState: "42501" });
    const [, remedy = ""] = /Run: (.*)$/.exec(String(error)) ?? [];
    await sql.query(remedy);
    expect(await checkServer(own, schema)).toMatchObject({ inRecovery: false });
  });

  test("is refused to a role that may not read the migrations, with the grants that it lacks", async ({ database, databaseUrl, schema, sql }) => {
    await migrate(database, schema);
    await using role = await createRole(sql);
    await expect(checkServer(await role.open(databaseUrl), schema)).rejects.toMatchObject({
      code: "DATABASE",
      sqlState: "42501",
      message: expect.stringContaining(`grant select on ${pg.escapeIdentifier(schema)}.migrations`),
    });
  });
});

describe("opening a schema", () => {
  test("migrates it where it is behind, and costs one round trip where it is not", async ({ database, schema }) => {
    expect((await openSchema(database, schema, { migrate: "auto" })).applied.migrations).toHaveLength(migrations.length);
    for (const mode of ["auto", "verify", "off"] as const) {
      const again = counted(database);
      await openSchema(again, schema, { migrate: mode });
      expect({ mode, calls: again.calls }).toEqual({ mode, calls: 1 });
    }
  });

  test("refuses one that is behind when it may only verify, and does not look when it is off", async ({ database, schema }) => {
    await expect(openSchema(database, schema, { migrate: "verify" })).rejects.toMatchObject({ code: "SCHEMA_OUTDATED" });
    expect(await openSchema(database, schema, { migrate: "off" })).toMatchObject({ applied: nothing });
  });
});
