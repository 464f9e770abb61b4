import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { embedSql, generatedFile, schemaFolder } from "../../../../scripts/embed-sql.ts";
import { migrations } from "../../src/schema/migrations.ts";

test("the generated module is what the SQL files give (otherwise: npm run generate)", async () => {
  expect(await readFile(generatedFile, "utf8")).toBe(await embedSql(schemaFolder));
});

test("migrations are numbered from 1 and hashed by their text", () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
  for (const { text, hash } of migrations) expect(hash).toBe(createHash("sha256").update(text).digest("hex"));
});

describe("a folder of SQL", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tidemark-sql-"));
    await mkdir(join(folder, "tables"));
    await mkdir(join(folder, "functions"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }

  async function load(): Promise<{ readonly migrationTexts: unknown; readonly functionTexts: readonly { readonly name: string; readonly text: string }[] }> {
    const path = join(folder, "generated.mjs");
    const text = await embedSql(folder);
    await writeFile(path, text.replaceAll(/export (interface[^}]*}|type[^;]*;)/g, "").replaceAll(/: readonly \w+\[\]/g, ""));
    return import(path);
  }

  test("gives each migration as one text, in the order of file names, whatever the text holds", async () => {
    const text = "select '\\ ` ${x} $1 $tidemark$ €';";
    await write("tables/001-store/10-b.sql", "select 2;\r\n");
    await write("tables/001-store/02-a.sql", `${text}\n\n\n`);
    await write("tables/002-more-tables/01-c.sql", "--! breaking\nselect 3;\n");
    expect((await load()).migrationTexts).toEqual([
      { version: 1, name: "store", breaking: false, text: `${text}\n\nselect 2;\n` },
      { version: 2, name: "more-tables", breaking: true, text: "--! breaking\nselect 3;\n" },
    ]);
  });

  test("gives functions after those they call, otherwise by name", async () => {
    await write("functions/a-first.sql", 'create function :"schema".a_first() as :"schema".c_third() + :"schema".d_fourth();');
    await write("functions/b-second.sql", 'create function :"schema".b_second(); -- recursive: :"schema".b_second()');
    await write("functions/c-third.sql", 'create function :"schema".c_third() as :"schema".d_fourth();');
    await write("functions/d-fourth.sql", 'create function :"schema".d_fourth() as select from :"schema".a_first;');
    expect((await load()).functionTexts.map(({ name }) => name)).toEqual(["d_fourth", "c_third", "a_first", "b_second"]);
  });

  test("gives numbers for the names of codes", async () => {
    await write("functions/f.sql", 'create function :"schema".f() returns integer return :verdict(condition_failed) + :expected(unchanged_since);');
    expect((await load()).functionTexts[0]?.text).toContain("return 8 + -10;");
    await write("functions/f.sql", 'create function :"schema".f() returns integer return :verdict(confilct);');
    await expect(embedSql(folder)).rejects.toThrow(":verdict(confilct): schema/codes.ts has no confilct.");
  });

  test.each([
    ["a gap in the numbers", "tables/002-store/01-a.sql", "should be number 1"],
    ["a folder that does not fit", "tables/1-store/01-a.sql", "does not fit"],
    ["a file that does not fit", "tables/001-store/a.sql", "does not fit"],
    ["a draft beside the files", "tables/001-store/01-a.sql.orig", "does not fit"],
    ["a function that has a number", "functions/01_a.sql", "does not fit"],
    ["a file that creates no function", "functions/a.sql", "must create the function a and no other; it creates none"],
  ])("is refused with %s", async (_, path, problem) => {
    await write(path, "select 1;");
    await expect(embedSql(folder)).rejects.toThrow(problem);
  });

  test("is refused where a file creates what its name does not say", async () => {
    await write("functions/a.sql", 'create function :"schema".a();\ncreate function :"schema".b();');
    await expect(embedSql(folder)).rejects.toThrow("must create the function a and no other; it creates a, b");
  });

  test("is refused where functions call each other in a circle", async () => {
    await write("functions/a.sql", 'create function :"schema".a() as :"schema".b();');
    await write("functions/b.sql", 'create function :"schema".b() as :"schema".a();');
    await expect(embedSql(folder)).rejects.toThrow("a → b → a");
  });
});
