import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

const guides = join(import.meta.dirname, "guides");

/** Each row of a page that names a test: the file that it links to, and the names in quotes. */
function namedTests(markdown: string): { readonly file: string; readonly name: string }[] {
  return Array.from(markdown.matchAll(/^\| \[[^\]]*\]\(([^)]*\.test\.ts)\) \| (".*") \|$/gm)).flatMap(([, file = "", names = ""]) =>
    names.split('", "').map((name) => ({ file, name: name.replaceAll('"', "") })),
  );
}

test("every test that the guarantees name is there", async () => {
  const named = namedTests(await readFile(join(guides, "guarantees.md"), "utf8"));
  expect(named.length).toBeGreaterThan(10);
  for (const { file, name } of named) {
    const source = await readFile(join(guides, file), "utf8");
    expect(source.includes(`${name}"`), `${file} has no test ${JSON.stringify(name)}`).toBe(true);
  }
});
