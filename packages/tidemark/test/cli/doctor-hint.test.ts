import pg from "pg";
import { describe, expect, test } from "../support/test.ts";
import { documentOf, inside } from "./run.ts";

const hint = "To find the cause, and how to mend it: tidemark doctor";

describe("an error that the doctor can explain names it", () => {
  test("where a function is missing", async ({ store, sql, schema, databaseUrl }) => {
    await store.appendToStream("cart-1", [{ type: "A", data: {} }]);
    const at = ["--schema", schema, "--url", databaseUrl];
    expect((await inside(["append", "cart-1", "--type", "A", ...at])).stderr).toBe("");
    const { rows } = await sql.query<{ name: string }>(
      "select p.oid::regprocedure::text as name from pg_catalog.pg_proc as p join pg_catalog.pg_namespace as n on n.oid = p.pronamespace where n.nspname = $1 and p.proname like 'append%'",
      [schema],
    );
    for (const { name } of rows) await sql.query(`drop function ${name} cascade`);
    const { code, stderr } = await inside(["append", "cart-1", "--type", "A", ...at]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(new RegExp(`^tidemark: .*does not exist[^]*\\n${hint}\\n$`))]);
    expect(documentOf(await inside(["append", "cart-1", "--type", "A", "--json", ...at]))).toMatchObject({ error: { code: "DATABASE", hint } });
  });

  test("where a privilege is missing", async ({ store, sql, schema, databaseUrl, onTestFinished }) => {
    await store.appendToStream("cart-1", [{ type: "A", data: {} }]);
    const role = `nobody_${process.pid}`;
    const quoted = pg.escapeIdentifier(schema);
    await sql.query(
      `create role ${role} login password 'pw'; grant usage on schema ${quoted} to ${role}; grant select on ${quoted}.migrations, ${quoted}.function_sets to ${role}`,
    );
    onTestFinished(async () => {
      await sql.query(`drop owned by ${role}; drop role ${role}`);
    });
    const url = new URL(databaseUrl);
    [url.username, url.password] = [role, "pw"];
    const { stderr } = await inside(["streams", "--schema", schema, "--url", url.href]);
    expect(stderr).toMatch(new RegExp(`permission denied[^]*\\n${hint}\\n$`));
  });

  test("but not one that says itself what to do", async ({ databaseUrl }) => {
    const { code, stderr } = await inside(["streams", "--schema", "nowhere", "--url", databaseUrl]);
    expect([code, stderr]).toEqual([3, expect.not.stringContaining("doctor")]);
  });
});
