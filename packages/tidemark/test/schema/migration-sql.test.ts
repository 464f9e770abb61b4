import { migrationSql } from "../../src/schema/migration-sql.ts";
import { migrate } from "../../src/schema/migrate.ts";
import { createFunctionSet } from "../../src/schema/function-set.ts";
import { migrations, shippedSchema } from "../../src/schema/migrations.ts";
import { verify } from "../../src/schema/verify.ts";
import { describe, expect, test } from "./test.ts";

describe("the migrations as a script", () => {
  test("make a store that a verifying one accepts, of functions that the server has compiled", async ({ database, schema, sql }) => {
    expect((await sql.query("show check_function_bodies")).rows).toEqual([{ check_function_bodies: "on" }]);
    await sql.query(migrationSql({ schema }));
    await verify(database, schema);
    expect(await migrate(database, schema)).toEqual([]);
  });

  test("change nothing when they run a second time", async ({ database, schema, sql }) => {
    await sql.query(migrationSql({ schema }));
    await expect(sql.query(migrationSql({ schema }))).rejects.toMatchObject({ code: "42P07" });
    await verify(database, schema);
  });

  test("are those after `from` only", async ({ database, schema, sql }) => {
    await migrate(database, schema, { shipped: { migrations, functions: createFunctionSet([]) } });
    await expect(verify(database, schema)).rejects.toMatchObject({ code: "SCHEMA_OUTDATED", functions: shippedSchema.functions.hash.slice(0, 8) });
    const script = migrationSql({ schema, from: migrations.length });
    expect(script).not.toContain("create table");
    await sql.query(script);
    await verify(database, schema);
    // Functions that did not change between two versions come with both scripts.
    await sql.query(script);
    await verify(database, schema);
  });

  test("are the same text each time, for the schema tidemark by default", () => {
    expect(migrationSql()).toBe(migrationSql({ schema: "tidemark", from: 0 }));
    expect(migrationSql()).toContain(`create schema if not exists "tidemark";`);
    expect(migrationSql()).not.toMatch(/:"schema"|:regclass\(|(?<!:):regnamespace/);
  });

  test.each([
    [{ shema: "x" }, "options.shema", `did you mean "schema"`],
    [{ schema: "" }, "options.schema", "is empty"],
    [{ schema: "a$tidemark$b" }, "schema", "$tidemark$"],
    [{ from: migrations.length + 1 }, "options.from", `from 0 to ${migrations.length}`],
    [{ from: "1" }, "options.from", "whole number"],
    [null, "options", "must be an object"],
  ])("refuse %j", (options, path, problem) => {
    expect(() => Reflect.apply(migrationSql, undefined, [options])).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", path, message: expect.stringContaining(problem) }),
    );
  });
});
