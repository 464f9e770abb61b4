import { spawn } from "node:child_process";
import { once } from "node:events";
import pg from "pg";
import { migrations, nameOfStep, shippedSchema } from "../../src/schema/migrations.ts";
import { openEventStore, SchemaOutdatedError } from "../../src/index.ts";
import { describe, expect, test } from "../schema/test.ts";
import { documentOf, tidemark } from "./run.ts";

const newest = migrations.length;

describe("tidemark migrate", () => {
  test("brings an empty database up to date, once, and the store works on it", async ({ databaseUrl, schema }) => {
    const env = { DATABASE_URL: databaseUrl };
    const at = ["--schema", schema];
    const pending = await tidemark(["migrate", "status", "--json", ...at], { env });
    expect([pending.code, pending.stderr]).toEqual([0, ""]);
    expect(documentOf(pending)).toMatchObject({ schema, migrations: migrations.map(({ version, name }) => ({ version, name, state: "pending" })) });
    expect(await tidemark(["migrate", "up", "--dry-run", ...at], { env })).toMatchObject({
      code: 0,
      stdout: [...migrations, shippedSchema.functions].map((step) => `would apply ${nameOfStep(step)}\n`).join(""),
    });
    expect((await tidemark(["migrate", "verify", ...at], { env })).code).toBe(3);

    const up = await tidemark(["migrate", "up", ...at], { env });
    expect(up).toMatchObject({ code: 0, stdout: `Schema ${JSON.stringify(schema)} is up to date now.\n` });
    expect(up.stderr).toContain("applied migration 1 (store)");
    expect(up.stderr).toContain(`applied ${nameOfStep(shippedSchema.functions)}`);
    const again = await tidemark(["migrate", "up", "--json", "--url", databaseUrl, ...at]);
    expect([again.code, documentOf(again)]).toEqual([0, { schema, applied: [] }]);
    expect((await tidemark(["migrate", "verify", ...at], { env })).code).toBe(0);
    expect((await tidemark(["migrate", "status", ...at], { env })).stdout).toMatch(
      /^Schema .*\nversion +name +state +applied at\n1 +store +applied +\d{4}-.*\nfunctions +[0-9a-f]{8} +applied +\d{4}-/,
    );
    await using store = await openEventStore(databaseUrl, { schema, migrate: "verify" });
    expect(await store.readAll().toArray()).toEqual([]);
  });

  test("does what the error of a store with migrate: verify says to do", async ({ databaseUrl, schema }) => {
    const error = await openEventStore(databaseUrl, { schema, migrate: "verify" }).catch((thrown: unknown) => thrown);
    if (!(error instanceof SchemaOutdatedError)) throw error;
    expect(error).toMatchObject({ found: 0, required: newest });
    const command = /Run: npx (tidemark .*)$/.exec(error.message)?.[1] ?? "";
    const { code } = await throughShell(command.replace(/^tidemark/, binary), databaseUrl);
    expect(code).toBe(0);
    await (await openEventStore(databaseUrl, { schema, migrate: "verify" })).close();
  });

  test("writes SQL that psql's protocol takes, after which the schema fits", async ({ databaseUrl, schema, sql }) => {
    const script = await tidemark(["migrate", "sql", "--schema", schema]);
    expect([script.code, script.stderr]).toEqual([0, ""]);
    await sql.query(`begin; ${script.stdout}; commit`);
    expect(await tidemark(["migrate", "verify", "--schema", schema, "--json"], { env: { DATABASE_URL: databaseUrl } })).toMatchObject({
      code: 0,
      stdout: `${JSON.stringify({ schema, fits: true })}\n`,
    });
  });

  test("ends with 3, in one JSON document, where a newer tidemark changed the schema", async ({ databaseUrl, schema, sql }) => {
    const env = { DATABASE_URL: databaseUrl };
    expect((await tidemark(["migrate", "up", "--schema", schema], { env })).code).toBe(0);
    await sql.query(`insert into ${pg.escapeIdentifier(schema)}.migrations (version, name, hash, breaking) values ($1, $2, 'x', true)`, [
      newest + 1,
      "from\u001b[2J\u009b1m\nthe future",
    ]);
    for (const command of ["up", "verify"]) {
      const ended = await tidemark(["migrate", command, "--schema", schema, "--json"], { env });
      expect([ended.code, documentOf(ended)]).toMatchObject([3, { error: { code: "SCHEMA_TOO_NEW" } }]);
    }
    const dry = await tidemark(["migrate", "up", "--dry-run", "--schema", schema], { env });
    expect([dry.code, dry.stdout]).toEqual([3, ""]);
    // What the name holds is shown, not done.
    const { stdout } = await tidemark(["migrate", "status", "--schema", schema], { env });
    expect(stdout).toContain("from\\u001b[2J\\u009b1m\\u000athe future  of a newer tidemark, breaking");
    const json = await tidemark(["migrate", "status", "--schema", schema, "--json"], { env });
    expect(json.stdout).not.toMatch(/[\u001b\u009b]/);
    expect(documentOf(json)).toMatchObject({ migrations: expect.arrayContaining([expect.objectContaining({ name: "from\u001b[2J\u009b1m\nthe future" })]) });
  });

  test("ends with 1 where the database cannot be reached or refuses", async ({ databaseUrl, sql }) => {
    const nobody = await tidemark(["migrate", "up", "--json"], { env: { DATABASE_URL: "postgres://nobody@127.0.0.1:1/nowhere" } });
    expect([nobody.code, documentOf(nobody)]).toMatchObject([1, { error: { code: "CONNECTION" } }]);
    await sql.query("create role cannot_create login password 'x'");
    const url = new URL(databaseUrl);
    url.username = "cannot_create";
    url.password = "x";
    const refused = await tidemark(["migrate", "up", "--schema", "not_mine"], { env: { DATABASE_URL: url.href } });
    expect(refused).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("grant create on database") });
    await sql.query("drop role cannot_create");
  });
});

const binary = `'${process.execPath}' --conditions=source '${new URL("../../src/cli/main.ts", import.meta.url).pathname}'`;

/** A command as it is pasted into a terminal. */
async function throughShell(command: string, databaseUrl: string): Promise<{ readonly code: number | null }> {
  const child = spawn("sh", ["-c", command], { env: { ...process.env, DATABASE_URL: databaseUrl }, stdio: "ignore" });
  const [code] = await once(child, "close");
  return { code };
}
