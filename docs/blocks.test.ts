import { execFile } from "node:child_process";
import { glob, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "../packages/tidemark/test/support/test.ts";

const root = join(import.meta.dirname, "..");
const pages = [join(root, "README.md")];
for await (const page of glob(join(root, "docs/guides/*.md"))) pages.push(page);

/** The TypeScript blocks of a page, as one program: a page's blocks build on each other. */
function programOf(markdown: string): string {
  const blocks = Array.from(markdown.matchAll(/^```ts\n(.*?)^```$/gms), ([, code]) => code ?? "");
  const lines = blocks.join("\n").split("\n");
  const imports = lines.filter((line) => line.startsWith("import "));
  return [...new Set(imports), ...lines.filter((line) => !line.startsWith("import "))].join("\n");
}

/** What a page says that its program prints. */
function printed(program: string): string[] {
  return Array.from(program.matchAll(/\/\/ => (.*)$/gm), ([, shown]) => (shown ?? "").trim());
}

describe("every code block of the README and the guides runs", () => {
  for (const page of pages) {
    const name = page.slice(root.length + 1);
    test(`${name} prints what it says`, async ({ databaseUrl, sql }) => {
      // Streams of other pages have the same names.
      await sql.query("drop schema if exists tidemark cascade");
      const markdown = await readFile(page, "utf8");
      const program = programOf(markdown);
      expect(program).not.toBe("");
      // The tests' databases have an empty search_path; a reader's has not.
      const url = new URL(databaseUrl);
      url.searchParams.set("options", "-c search_path=public");
      const folder = join(import.meta.dirname, ".blocks");
      // What a page keeps in a folder must not be there when the page runs again.
      const cwd = await mkdtemp(join(tmpdir(), "tidemark-blocks-"));
      const file = join(folder, `${basename(page, ".md")}-${process.pid}.ts`);
      await mkdir(folder, { recursive: true });
      await writeFile(file, program);
      try {
        const run = promisify(execFile)(process.execPath, ["--conditions=source", file], {
          env: { ...process.env, DATABASE_URL: url.href, NODE_OPTIONS: "" },
          cwd,
        });
        const { stdout } = await run;
        expect(stdout.split("\n").filter((line) => line !== "")).toEqual(printed(program));
      } finally {
        await rm(file);
        await rm(cwd, { recursive: true });
      }
    });
  }

  test("a program that prints something else is noticed", () => {
    expect(printed("console.log(1 + 1); // => 2\nconsole.log(3);\n// => 4")).toEqual(["2", "4"]);
  });
});
