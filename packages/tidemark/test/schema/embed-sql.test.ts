import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { embedSql, generatedFile, sqlFolder } from "../../../../scripts/embed-sql.ts";
import { migrations } from "../../src/schema/migrations.ts";

test("the generated module is what the SQL files give (otherwise: npm run generate)", async () => {
  expect(await readFile(generatedFile, "utf8")).toBe(await embedSql(sqlFolder));
});

test("migrations are numbered from 1 and hashed by their text", () => {
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
  for (const { text, hash } of migrations) expect(hash).toBe(createHash("sha256").update(text).digest("hex"));
});

describe("a folder of migrations", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tidemark-sql-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }

  test("becomes one text each, in the order of file names, whatever the text holds", async () => {
    const text = "select '\\ ` ${x} $1 $tidemark$ €';";
    await write("001-store/10-b.sql", "select 2;\r\n");
    await write("001-store/02-a.sql", `${text}\n\n\n`);
    await write("002-more-tables/01-c.sql", "--! breaking\nselect 3;\n");
    const path = join(folder, "generated.mjs");
    await writeFile(path, (await embedSql(folder)).replace(/export interface[^}]*}/, "").replace(": readonly MigrationText[]", ""));
    const module: { readonly migrationTexts: unknown } = await import(path);
    expect(module.migrationTexts).toEqual([
      { version: 1, name: "store", breaking: false, text: `${text}\n\nselect 2;\n` },
      { version: 2, name: "more-tables", breaking: true, text: "--! breaking\nselect 3;\n" },
    ]);
  });

  test.each([
    ["a gap in the numbers", "002-store/01-a.sql", "should be number 1"],
    ["a folder that does not fit", "1-store/01-a.sql", "does not fit"],
    ["a file that does not fit", "001-store/a.sql", "does not fit"],
    ["a draft beside the files", "001-store/01-a.sql.orig", "does not fit"],
  ])("is refused with %s", async (_, path, problem) => {
    await write(path, "select 1;");
    await expect(embedSql(folder)).rejects.toThrow(problem);
  });
});
