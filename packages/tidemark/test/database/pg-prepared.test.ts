import pg from "pg";
import type { Statement } from "../../src/database/database.ts";
import { describe, expect, testWithoutSchema as test } from "../support/test.ts";
import { open, pidOf, rejection } from "./open.ts";

const prepared = { name: "prepared", text: "select name from pg_prepared_statements order by name" };
const one = { name: "one", text: "select $1::text as a" };

describe("prepare", () => {
  test("prepares each statement once, under its name and a digest of its text", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { max: 1 });
    await opened.database.query(one, ["x"]);
    await opened.database.query(one, ["y"]);
    expect(await opened.database.query(prepared, [])).toEqual([
      { name: expect.stringMatching(/^one_[0-9a-f]{12}$/) },
      { name: expect.stringMatching(/^prepared_/) },
    ]);
  });

  test("leaves out a statement that is to be planned at every call", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { max: 1 });
    expect(await opened.database.query({ ...one, unprepared: true }, ["x"])).toEqual([{ a: "x" }]);
    expect(await opened.database.query(prepared, [])).toEqual([{ name: expect.stringMatching(/^prepared_/) }]);
  });

  test("prepares of those whose text varies the ones that come again, and few of them on a connection", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { max: 1 });
    const varying = (n: number): Statement => ({ name: `v${n}`, text: `select ${n}::text as a`, varies: true });
    for (let n = 0; n < 400; n++) await opened.database.query(varying(n), []);
    expect(await opened.database.query(prepared, [])).toEqual([{ name: expect.stringMatching(/^prepared_/) }]);
    for (let n = 0; n < 200; n++)
      for (let times = 0; times < 3; times++) expect(await opened.database.query(varying(n % 50), [])).toEqual([{ a: `${n % 50}` }]);
    expect(await opened.database.query(prepared, [])).toHaveLength(33);
  });

  test("false prepares none", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { max: 1 }, { prepare: false });
    await opened.database.query(one, ["x"]);
    expect(await opened.database.query(prepared, [])).toEqual([]);
  });

  test("lets two texts have one name, on one connection of a pool that two stores share", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { max: 1 });
    await opened.database.query(one, ["x"]);
    expect(await opened.database.query({ name: "one", text: "select 'other' as a" }, [])).toEqual([{ a: "other" }]);
  });
});

describe("when prepared statements are lost", () => {
  test("the statement runs all the same, one warning is logged, and nothing is prepared from then on", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { max: 1 });
    await opened.database.query(one, ["x"]);
    await opened.database.userQuery("deallocate all", []);
    expect(await opened.database.query(one, ["y"])).toEqual([{ a: "y" }]);
    await opened.database.userQuery("deallocate all", []);
    expect(await opened.database.query(one, ["z"])).toEqual([{ a: "z" }]);
    expect(await opened.database.query(prepared, [])).toEqual([]);
    expect(opened.warnings).toEqual([expect.stringContaining("prepare: false")]);
  });

  test("the same holds for one that another client of a pooler prepared", async ({ databaseUrl }) => {
    await using first = await open(databaseUrl, { max: 1 });
    await first.database.query(one, ["x"]);
    const [{ name = "" } = {}] = await first.database.query(prepared, []);
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
    // What a pooler does: the server has the name, and this client does not know.
    await pool.query(`prepare ${pg.escapeIdentifier(name ?? "")} as select 1`);
    const { database, warnings } = await open(pool);
    expect(await database.query(one, ["y"])).toEqual([{ a: "y" }]);
    expect(warnings).toHaveLength(1);
    await database.close();
    await pool.end();
  });

  test("the same holds for one whose result has another type now", async ({ databaseUrl, sql, schema }) => {
    const table = `${pg.escapeIdentifier(schema)}.t`;
    await sql.query(`create schema ${pg.escapeIdentifier(schema)}; create table ${table} (n int); insert into ${table} values (1)`);
    await using opened = await open(databaseUrl, { max: 1 });
    const read = { name: "read", text: `select * from ${table}` };
    expect(await opened.database.query(read, [])).toEqual([{ n: "1" }]);
    await sql.query(`alter table ${table} alter column n type text`);
    expect(await opened.database.query(read, [])).toEqual([{ n: "1" }]);
    expect(opened.warnings).toHaveLength(1);
  });

  test("several statements at once all run, with one warning", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { max: 3 });
    const everywhere = (text: string) => Promise.all([1, 2, 3].map(() => opened.database.query({ name: "both", text }, [])));
    await everywhere("select 1::text as a, pg_sleep(0.05)::text");
    await Promise.all([1, 2, 3].map(() => opened.database.userQuery("deallocate all; select pg_sleep(0.05)", [])));
    expect(await everywhere("select 1::text as a, pg_sleep(0.05)::text")).toHaveLength(3);
    expect(opened.warnings).toHaveLength(1);
  });

  test("a transaction fails as one that may be run again, and then it runs", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { max: 1 });
    await opened.database.query(one, ["x"]);
    await opened.database.userQuery("deallocate all", []);
    const work = () => opened.database.transaction((session) => session.query(one, ["y"]));
    expect(await rejection(work())).toMatchObject({ code: "DATABASE", sqlState: "26000", retryable: true });
    expect(await work()).toEqual([{ a: "y" }]);
    expect(await pidOf(opened.database)).toBeGreaterThan(0);
  });
});
