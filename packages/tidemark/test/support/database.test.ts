import pg from "pg";
import { describe, eventually, expect, test } from "./test.ts";

describe("a test's database", () => {
  test("is its file's own, with an empty search_path", async ({ databaseUrl, sql }) => {
    const { rows } = await sql.query("select current_database() as name, current_setting('search_path') as path, current_setting('fsync') as fsync");
    expect(rows).toEqual([{ name: new URL(databaseUrl).pathname.slice(1), path: "", fsync: expect.any(String) }]);
    await expect(sql.query("create table nowhere (n int)")).rejects.toThrow("no schema has been selected to create in");
  });

  test("has a schema for each test whose name must be quoted", async ({ schema, sql }) => {
    await sql.query(`create table ${pg.escapeIdentifier(schema)}.somewhere (n int)`);
    await expect(sql.query(`select n from ${schema}.somewhere`)).rejects.toThrow("unterminated quoted identifier");
  });

  test.for([1, 2])("gives another schema to test %i of several", async (_, { schema, sql }) => {
    const { rows } = await sql.query("select to_regclass($1) as found", [`${pg.escapeIdentifier(schema)}.somewhere`]);
    expect(rows).toEqual([{ found: null }]);
    await sql.query(`create table ${pg.escapeIdentifier(schema)}.somewhere (n int)`);
  });

  test.for([1, 2])("gives the name of a schema that is not there to test %i of several", async (_, { absentSchema, sql }) => {
    const { rows } = await sql.query("select 1 from pg_namespace where nspname = $1", [absentSchema]);
    expect(rows).toEqual([]);
    await sql.query(`create schema ${pg.escapeIdentifier(absentSchema)}`);
  });
});

describe("a test's store", () => {
  test("is open, in the test's schema, and shares it with others that the test opens", async ({ store, openStore, schema, sql }) => {
    const second = await openStore({ durability: "on" });
    await store.appendToStream("cart-1", [{ type: "ItemAdded", data: { sku: "A1" } }]);
    expect(await second.readStream("cart-1").toArray()).toMatchObject([{ type: "ItemAdded", version: 1 }]);
    const { rows } = await sql.query(`select count(*)::int as events from ${pg.escapeIdentifier(schema)}.events`);
    expect(rows).toEqual([{ events: 1 }]);
  });

  test("holds nothing of another test's", async ({ store }) => {
    expect(await store.readAll().toArray()).toEqual([]);
  });
});

describe("eventually", () => {
  test("returns what the first successful check returned", async () => {
    let checks = 0;
    const third = eventually(() => {
      if (++checks < 3) throw new Error("not yet");
      return checks;
    });
    expect(await third).toBe(3);
  });

  test("rejects with the last failure when the time is over", async () => {
    await expect(eventually(() => Promise.reject(new Error("never")), { timeoutMs: 30 })).rejects.toThrow("never");
  });
});
