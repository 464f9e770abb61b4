import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test as base } from "../support/test.ts";
import { documentOf, inside } from "./run.ts";

/** `file`: a file of these lines, removed after the test. */
const test = base.extend("file", ({}, { onCleanup }) => {
  const folder = mkdtempSync(join(tmpdir(), "tidemark-dry-run-"));
  onCleanup(() => rmSync(folder, { recursive: true }));
  return (...lines: readonly object[]): string => {
    const path = join(folder, "lines.ndjson");
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return path;
  };
});

const id = (number: number): string => `0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d0${number}`;
const line = (number: number, more: object = {}): object => ({ streamId: "cart-1", type: "A", data: { number }, id: id(number), ...more });

test("an import with --dry-run says what it would write, and creates nothing", async ({ file, databaseUrl, absentSchema: schema, sql }) => {
  const args = ["import", file(line(1), line(2)), "--dry-run", "--schema", schema, "--url", databaseUrl];
  expect(await inside(args)).toMatchObject({ code: 0, stdout: "2 events would be written. Nothing was.\n" });
  expect((await sql.query("select 1 from pg_namespace where nspname = $1", [schema])).rows).toEqual([]);
});

test("it compares with what is in the store, and writes nothing there", async ({ file, store, databaseUrl, schema }) => {
  await store.appendToStream("cart-1", [{ type: "A", data: { number: 1 }, id: id(1) }]);
  await store.appendToStream("other-1", [{ type: "A", data: { number: 3 }, id: id(3) }]);
  const args = ["import", file(line(1), line(2), line(3), { streamId: "", type: "A", data: 1 }), "--dry-run", "--schema", schema, "--url", databaseUrl];
  const skipping = await inside([...args, "--on-bad-line", "skip", "--json"]);
  expect([skipping.code, documentOf(skipping)]).toEqual([0, { dryRun: true, written: 1, repeated: 1, bad: 2 }]);
  expect(skipping.stderr).toContain(`line 3 is left out: event ${id(3)} exists already, in another stream`);

  const stopping = await inside(args);
  expect([stopping.code, stopping.stderr]).toEqual([1, expect.stringContaining("Nothing was written.")]);
  expect((await store.readAll().toArray()).map((event) => event.id)).toEqual([id(1), id(3)]);
});
