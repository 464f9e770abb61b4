import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test as base } from "../support/test.ts";
import { documentOf, inside, tidemark } from "./run.ts";

/** `folder`: an empty one, removed after the test. */
const test = base.extend("folder", async ({}, { onCleanup }) => {
  const folder = mkdtempSync(join(tmpdir(), "tidemark-cli-"));
  onCleanup(() => rmSync(folder, { recursive: true }));
  return folder;
});

describe("a folder without a store, as a misspelt one is,", () => {
  test.for([
    ["read"],
    ["read", "cart-1"],
    ["tail"],
    ["streams"],
    ["append", "cart-1", "--type", "A"],
    ["export"],
    ["consumers", "list"],
    ["consumers", "pause", "mailer"],
    ["projections", "list"],
    ["dead-letters", "list"],
    ["migrate", "status"],
    ["migrate", "verify"],
    ["migrate", "up", "--dry-run"],
  ])("is refused by %s, which makes nothing there", async (args, { folder }) => {
    mkdirSync(join(folder, "empty"));
    for (const name of ["nowhere", "empty", "a/b"]) {
      const url = `file:${join(folder, name)}`;
      expect(await inside([...args, "--url", url])).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("--url names the folder") });
      expect(await inside(args, { env: { DATABASE_URL: url } })).toMatchObject({ code: 2, stderr: expect.stringContaining("DATABASE_URL names the folder") });
    }
    expect(readdirSync(folder, { recursive: true })).toEqual(["empty"]);
  });

  test("becomes one by migrate up, and is read then", async ({ folder }) => {
    const url = `file:${join(folder, "data")}`;
    expect((await inside(["migrate", "up", "--url", url])).code).toBe(0);
    expect(await inside(["streams", "--url", url])).toMatchObject({ code: 0, stdout: "" });
  });
});

test("TIDEMARK_SCHEMA names the schema where --schema does not, of every command but the demo", async ({ store, schema, databaseUrl }) => {
  await store.appendToStream("cart-1", [{ type: "A", data: {} }]);
  const env = { DATABASE_URL: databaseUrl, TIDEMARK_SCHEMA: schema };
  expect(documentOf(await inside(["streams", "cart-1", "--json"], { env }))).toMatchObject({ version: 1 });
  expect((await inside(["append", "cart-1", "--type", "B"], { env })).stdout).toBe("cart-1 is at version 2, position 2.\n");
  expect(documentOf(await inside(["migrate", "status", "--json"], { env }))).toMatchObject({ schema });
  expect((await inside(["migrate", "sql"], { env })).stdout).toContain(`"${schema.replaceAll('"', '""')}".events`);
  expect(await inside(["streams", "--schema", "other"], { env })).toMatchObject({ code: 3, stderr: expect.stringContaining('Schema "other"') });
  expect(await inside(["streams"], { env: { ...env, TIDEMARK_SCHEMA: "" } })).toMatchObject({ code: 3, stderr: expect.stringContaining('Schema "tidemark"') });
});

test("what is not there is told with its schema: it may be in another", async ({ store, schema, databaseUrl }) => {
  void store;
  const env = { DATABASE_URL: databaseUrl };
  for (const args of [
    ["consumers", "pause", "mailer"],
    ["projections", "show", "carts"],
    ["dead-letters", "show", "mailer", "1"],
  ]) {
    const { code, stderr } = await inside([...args, "--schema", schema], { env });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^tidemark: There is no .* The schema searched was ".*"; choose another with --schema\.\n$/)]);
    expect(stderr).toContain(JSON.stringify(schema));
  }
});

describe("an import that fails", () => {
  test.for([
    ["a bad first line", 1, ["lines.ndjson"], 'nonsense\n{"streamId":"s","type":"T","data":3}\n'],
    ["no such column", 2, ["lines.csv", "--stream", "{id}", "--type", "T"], "a,b\n1,2\n"],
    ["another format than it says", 2, ["lines.csv"], '{"streamId":"s","type":"T","data":3}\n'],
    ["an empty file", 0, ["lines.ndjson"], ""],
  ] as const)("for %s has created no schema", async ([, code, [name, ...args], text], { folder, databaseUrl, absentSchema: schema, sql }) => {
    writeFileSync(join(folder, name), text);
    const ended = await inside(["import", join(folder, name), ...args, "--schema", schema], { env: { DATABASE_URL: databaseUrl } });
    expect(ended.code).toBe(code);
    expect((await sql.query("select 1 from pg_namespace where nspname = $1", [schema])).rows).toEqual([]);
  });

  test("after some lines, which stay written, has", async ({ folder, databaseUrl, absentSchema: schema }) => {
    writeFileSync(join(folder, "lines.ndjson"), '{"streamId":"s","type":"T","data":3}\nnonsense\n');
    const at = ["--schema", schema, "--url", databaseUrl];
    const { code, stderr } = await inside(["import", join(folder, "lines.ndjson"), ...at]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(". 1 event was written. Correct the line")]);
    expect(stderr).not.toContain("..");
    expect((await inside(["streams", "s", ...at])).code).toBe(0);
  });

  test("counts one event as one", async ({ folder, databaseUrl, schema }) => {
    writeFileSync(join(folder, "lines.ndjson"), '{"streamId":"s","type":"T","data":3}\nnonsense\n');
    const at = ["--schema", schema, "--url", databaseUrl];
    const imported = await inside(["import", join(folder, "lines.ndjson"), "--on-bad-line", "skip", ...at]);
    expect(imported.stdout).toMatch(/^1 event written in .*\n1 bad line was left out\./);
    expect((await inside(["export", join(folder, "out.ndjson"), ...at])).stdout).toMatch(/^1 event up to position 1 exported in /);
  });
});

describe("tidemark append --projections", () => {
  const carts = `
    import { documentProjection } from "tidemark";
    export const carts = documentProjection({ name: "carts", version: 1, mode: "inline", collection: "carts", handles: ["A"],
      documentId: (event) => event.streamId, evolve: (document) => ({ n: (document?.n ?? 0) + 1 }) });
    setInterval(() => {}, 1_000);
  `;

  test("writes what a module's inline projections make of the event, and leaves none behind", async ({ store, schema, databaseUrl, onTestFinished }) => {
    // Beside this file, so that it imports the library.
    const file = join(import.meta.dirname, `.projections-${process.pid}.mjs`);
    writeFileSync(file, carts);
    onTestFinished(() => rmSync(file));
    const args = ["append", "cart-1", "--type", "A", "--schema", schema, "--url", databaseUrl];
    void store;
    expect(await tidemark([...args, "--projections", file])).toMatchObject({ code: 0, stderr: "" });
    expect(await store.documents("carts").get("cart-1")).toMatchObject({ n: 1 });
    expect(await store.projections.get("carts")).toMatchObject({ state: "live" });

    const without = await tidemark(args);
    expect(without).toMatchObject({ code: 0, stderr: expect.stringMatching(/"carts" .* is marked behind .* --projections <module>/) });
    expect(await store.projections.get("carts")).toMatchObject({ state: "stopped" });
    expect(await store.documents("carts").get("cart-1")).toMatchObject({ n: 1 });

    expect((await tidemark([...args, "--projections", file])).code).toBe(0);
    expect(await store.documents("carts").get("cart-1")).toMatchObject({ n: 3 });
  });

  test("refuses a module without any", async ({ folder }) => {
    const file = join(folder, "none.mjs");
    writeFileSync(file, "export const a = 1;");
    const { code, stderr } = await inside(["append", "cart-1", "--type", "A", "--projections", file]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("--projections exports no consumer, no projection, no process and no relay: it exports a (a number)"),
    ]);
    expect(existsSync(file)).toBe(true);
  });
});

test("a reading that finds nothing says so on stderr, with the schema", async ({ store, schema, databaseUrl }) => {
  void store;
  const at = ["--schema", schema, "--url", databaseUrl];
  for (const args of [["read"], ["read", "cart-9"], ["streams"]]) {
    const { code, stdout, stderr } = await inside([...args, ...at]);
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(/^There are no such (events|streams) in schema ".*"\.\n$/);
  }
});
