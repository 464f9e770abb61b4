import pg from "pg";
import { migrate } from "../../src/schema/migrate.ts";
import { createFunctionSet } from "../../src/schema/function-set.ts";
import { migrations, shippedSchema } from "../../src/schema/migrations.ts";
import { schemaStatus, verify } from "../../src/schema/verify.ts";
import { describe, expect, test } from "./test.ts";

const newest = migrations.length;
const later = { version: newest + 1, name: "later", breaking: true };

/** Records a migration that only a later version of the library would know. */
async function recordNewer(sql: pg.Pool, schema: string, breaking: boolean): Promise<void> {
  await sql.query(
    `insert into ${pg.escapeIdentifier(schema)}.migrations (version, name, hash, breaking, applied_at) values (${newest + 1}, 'later', 'ff', ${breaking}, '2031-02-03 04:05:06.789Z')`,
  );
}

describe("verifying", () => {
  test("finds a schema that is not there, or holds no store", async ({ database, schema, sql }) => {
    const absent = { code: "SCHEMA_OUTDATED", schema, found: 0, required: 1 };
    await expect(verify(database, schema)).rejects.toMatchObject(absent);
    await sql.query(`create schema ${pg.escapeIdentifier(schema)}`);
    await expect(verify(database, schema)).rejects.toMatchObject(absent);
  });

  test("finds a schema whose newest migration is missing", async ({ database, schema, sql }) => {
    await migrate(database, schema);
    await sql.query(`delete from ${pg.escapeIdentifier(schema)}.migrations where version = ${newest}`);
    await expect(verify(database, schema)).rejects.toMatchObject({ code: "SCHEMA_OUTDATED", found: newest - 1, required: newest });
  });

  test("finds a migration that was applied with another text", async ({ database, schema, sql }) => {
    await migrate(database, schema);
    await sql.query(`update ${pg.escapeIdentifier(schema)}.migrations set hash = 'abc' where version = 1`);
    await expect(verify(database, schema)).rejects.toMatchObject({ code: "MIGRATION_CHANGED", migration: 1 });
    await expect(migrate(database, schema)).rejects.toMatchObject({ code: "MIGRATION_CHANGED" });
    expect(await schemaStatus(database, schema)).toMatchObject({ migrations: [{ version: 1, state: "applied", hashMatches: false }] });
  });

  test("accepts a newer schema, unless its new migration is breaking", async ({ database, schema, sql }) => {
    await migrate(database, schema);
    await recordNewer(sql, schema, false);
    await verify(database, schema);
    expect(await migrate(database, schema)).toEqual([]);

    await sql.query(`delete from ${pg.escapeIdentifier(schema)}.migrations where version = ${newest + 1}`);
    await recordNewer(sql, schema, true);
    const refusal = { code: "SCHEMA_TOO_NEW", schema, found: newest + 1, supported: newest };
    await expect(verify(database, schema)).rejects.toMatchObject(refusal);
    await expect(migrate(database, schema)).rejects.toMatchObject(refusal);
  });

  test("tells whose table it is when another tool's stands in its place", async ({ database, schema, sql }) => {
    await sql.query(`create schema ${pg.escapeIdentifier(schema)}; create table ${pg.escapeIdentifier(schema)}.migrations (id int, name text)`);
    await expect(verify(database, schema)).rejects.toThrow(`holds a table "migrations" that does not belong to tidemark`);
  });
});

test("the status lists what is pending, applied, and of a newer version", async ({ database, schema, sql }) => {
  const pending = migrations.map(({ version, name, breaking }) => ({
    version,
    name,
    breaking,
    state: "pending",
    appliedAt: undefined,
    hashMatches: undefined,
  }));
  const { hash } = shippedSchema.functions;
  expect(await schemaStatus(database, schema)).toEqual({ migrations: pending, functions: [{ hash, state: "pending", appliedAt: undefined }] });
  await migrate(database, schema);
  await recordNewer(sql, schema, true);
  const other = createFunctionSet([]);
  await migrate(database, schema, { shipped: { migrations: [...migrations, { ...later, text: "", hash: "ff" }], functions: other } });
  expect(await schemaStatus(database, schema)).toEqual({
    migrations: [
      ...pending.map((migration) => ({ ...migration, state: "applied", appliedAt: expect.any(Date), hashMatches: true })),
      { ...later, state: "unknown", appliedAt: new Date("2031-02-03T04:05:06.789Z"), hashMatches: undefined },
    ],
    functions: [
      { hash, state: "applied", appliedAt: expect.any(Date) },
      { hash: other.hash, state: "other", appliedAt: expect.any(Date) },
    ],
  });
});
