import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test as base } from "../support/test.ts";
import { counts } from "../projections/rebuild/versions.ts";
import { documentOf, documentsOf, type Ended, inside, start, tidemark } from "./run.ts";

const definitions = `
  import { documentProjection } from "tidemark";
  const counts = (version: number) => documentProjection<{ n: number; by: number }>({
    name: "counts", version, mode: "inline", collection: "counts", handles: ["ItemAdded"], rebuild: "manual",
    documentId: ({ streamId }) => streamId, evolve: (document) => ({ n: (document?.n ?? 0) + 1, by: version }),
  });
  export const all = [counts(1), counts(2)];
`;

const test = base.extend("shop", async ({ openStore, databaseUrl, schema }, { onCleanup }) => {
  const folder = join(import.meta.dirname, `.versions-${process.pid}-${Math.random().toString(36).slice(2)}`);
  await mkdir(folder);
  onCleanup(() => rm(folder, { recursive: true }));
  const file = join(folder, "projections.ts");
  await writeFile(file, definitions);
  const store = await openStore({ projections: [counts(1)] });
  for (const id of ["cart-1", "cart-2"]) await store.appendToStream(id, [itemAdded()]);
  const options = { env: { DATABASE_URL: databaseUrl } };
  const command = (...args: readonly string[]): Promise<Ended> => inside(["projections", ...args, "--schema", schema], options);
  /** With a module of definitions, which only a process of its own loads as users do. */
  const withModule = (...args: readonly string[]): Promise<Ended> => tidemark(["projections", ...args, "--projections", file, "--schema", schema], options);
  return { store, file, options, command, withModule };
});

describe("tidemark projections rebuild, swap, rollback and drop", () => {
  test("show a bar on a terminal while a version is built, and take it away", async ({ shop: { options }, openStore, schema }) => {
    // The store that was opened with it builds it.
    const store = await openStore({ projections: [counts(1), counts(2, { rebuild: "manual" })] });
    const { code, stdout, stderr } = await inside(["projections", "rebuild", "counts", "--parallel", "2", "--schema", schema], { ...options, watched: true });
    expect([code, stdout]).toEqual([0, "counts version 2 serves.\n"]);
    const lines = stderr.split("\r");
    expect(lines.filter((line) => /^ {2}█{0,24}░{0,24} \d+ %, /.test(line)).length).toBeGreaterThan(0);
    expect(lines.at(-2)).toContain("████████████████████████ 100 %, 2 events");
    expect(lines.at(-1)).toBe("\u001b[K");
    expect(await store.projections.get("counts")).toMatchObject({ version: 2, serving: true, build: { parallel: 2 } });
  });

  test("build a version, have it serve, go back and forth, and drop it", async ({ shop: { command, withModule }, databaseUrl, schema }) => {
    const rebuilt = await withModule("rebuild", "counts", "--json");
    expect([rebuilt.code, rebuilt.stderr]).toEqual([0, ""]);
    expect(documentsOf(rebuilt)[0]).toMatchObject({ event: "progress", state: expect.any(String), events: expect.any(Number), total: 2, waitingFor: [] });
    expect(documentsOf(rebuilt).at(-1)).toMatchObject({ event: "done", projection: { name: "counts", version: 2, serving: true } });
    expect(await command("rollback", "counts")).toMatchObject({ code: 0, stdout: "counts version 1 serves again.\n" });
    expect((await withModule("rebuild", "counts", "--manual")).stdout).toBe("counts version 2 is built. To have it serve: tidemark projections swap counts\n");
    const { stdout: listed } = await command("list");
    expect(listed).toMatch(/^counts +1 +yes +inline +live +2 /m);
    expect(listed).toMatch(/^counts +2 +no +inline +live +ready +2 /m);

    const refused = await command("drop", "counts", "2");
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--yes is missing")]);
    const declined = await inside(["projections", "drop", "counts", "2", "--schema", schema], { env: { DATABASE_URL: databaseUrl }, typed: "no\n" });
    expect([declined.code, declined.stderr]).toEqual([1, expect.stringMatching(/removes version 2 of "counts" for good.*Nothing was changed/s)]);
    const serving = await command("drop", "counts", "1", "--yes", "--json");
    expect([serving.code, documentOf(serving)]).toEqual([1, { error: expect.objectContaining({ code: "PROJECTION_SERVING" }) }]);
    expect(await command("drop", "counts", "2", "--yes")).toMatchObject({ code: 0, stdout: "counts version 2 is dropped.\n" });
    expect((await command("drop", "counts", "2", "--yes")).stderr).toContain("There is version 1");
  });

  test("say with --json what came of it, in one document", async ({ shop: { command, withModule } }) => {
    const built = documentsOf(await withModule("rebuild", "counts", "--manual", "--json"));
    expect(built.at(-1)).toMatchObject({ event: "done", projection: { version: 2, serving: false, build: { state: "ready" } } });
    expect(documentOf(await command("swap", "counts", "--json"))).toMatchObject({ name: "counts", version: 2, serving: true });
    expect(documentOf(await command("rollback", "counts", "--json"))).toMatchObject({ name: "counts", version: 1, serving: true });
    expect(await command("swap", "counts")).toMatchObject({ code: 0, stdout: "counts version 2 serves.\n" });
    expect(documentOf(await command("drop", "counts", "1", "--yes", "--json"))).toEqual({ dropped: { name: "counts", version: 1 } });
  });

  test("say which projection was meant, and where its definition is missing", async ({ shop: { command, withModule } }) => {
    expect(await command("swap", "cuonts")).toMatchObject({ code: 1, stderr: expect.stringContaining('Did you mean "counts"?') });
    expect(await withModule("rebuild", "cuonts")).toMatchObject({ code: 2, stderr: expect.stringContaining('did you mean "counts"') });
    expect(await command("rebuild", "counts")).toMatchObject({ code: 1, stderr: expect.stringContaining("raise the version") });
    expect(await command("swpa", "counts")).toMatchObject({ code: 2, stderr: expect.stringContaining("Did you mean swap?") });
  });

  test("stop at Ctrl-C, and go on when they are called again", async ({ shop: { file, options, withModule, store }, schema, sql }) => {
    // A reader of the collection's old snapshot keeps the version from serving.
    const reader = await sql.connect();
    await reader.query(`begin isolation level repeatable read; select from ${pg.escapeIdentifier(schema)}.counts`);
    try {
      const child = start(["projections", "rebuild", "counts", "--json", "--projections", file, "--schema", schema], options);
      const ended = once(child, "close");
      let said = "";
      child.stdout?.setEncoding("utf8").on("data", (text: string) => (said += text));
      await eventually(() => expect(said).toContain('"event":"progress"'));
      child.kill("SIGINT");
      expect((await ended)[0]).toBe(130);
      expect(said).toContain('"code":"INTERRUPTED"');
      expect(await store.projections.get("counts", { version: 2 })).toMatchObject({ serving: false });
    } finally {
      await reader.query("rollback");
      reader.release();
    }
    expect((await withModule("rebuild", "counts")).stdout).toBe("counts version 2 serves.\n");
  });
});

describe("tidemark projections check and rebuild-document", () => {
  test("find a document that is not what the log makes, and mend it", async ({ shop: { withModule, store }, schema }) => {
    expect(await withModule("check", "counts", "--all")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("2 of 2 documents compared, and they are what the log makes"),
    });
    await store.query(`update ${pg.escapeIdentifier(schema)}.counts__v1 set data = '{"_id": "cart-1", "n": 9, "by": 1}' where _id = 'cart-1'`);
    const found = await withModule("check", "counts", "--json");
    expect([found.code, documentOf(found)]).toEqual([
      1,
      expect.objectContaining({ different: 1, differences: [expect.objectContaining({ id: "cart-1", expected: { by: 1, n: 1 } })] }),
    ]);
    expect((await withModule("check", "counts")).stdout).toMatch(/cart-1\n {2}the log makes .*"n":1.*\n {2}stored is .*"n":9/);
    expect((await withModule("rebuild-document", "counts", "cart-1")).stdout).toBe("cart-1 was made anew: of 1 events.\n");
    expect(documentOf(await withModule("rebuild-document", "counts", "cart-1", "--json"))).toEqual({ changed: false, events: 1, document: { by: 1, n: 1 } });
    expect((await withModule("check", "counts")).code).toBe(0);
  });

  test("compare about as many documents as they were asked to, or all of them", async ({ shop: { withModule }, sql, schema }) => {
    // Of no event, so that each that is compared is found.
    await sql.query(`insert into ${pg.escapeIdentifier(schema)}.counts__v1 (_id, data) select format('cart-x%s', n), '{}' from generate_series(1, 3000) as n`);
    const found = async (...flags: readonly string[]): Promise<number> => {
      const checked = await withModule("check", "counts", "--json", ...flags);
      expect([checked.code, documentOf(checked)]).toEqual([1, expect.objectContaining({ documents: 3_002, different: expect.any(Number) })]);
      return JSON.parse(checked.stdout).different;
    };
    expect(await found("--all")).toBe(3_000);
    const [some, few] = [await found(), await found("--sample", "30")];
    expect(Math.abs(some - 1_000)).toBeLessThan(150);
    expect(Math.abs(few - 30)).toBeLessThan(25);
    expect(await withModule("check", "counts", "--all", "--sample", "30")).toMatchObject({ code: 2, stderr: expect.stringContaining("give one of them") });
  });
});
