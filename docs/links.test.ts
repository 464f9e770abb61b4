import { existsSync } from "node:fs";
import { glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** A heading's anchor, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}

async function anchorsOf(page: string): Promise<ReadonlySet<string>> {
  const prose = (await readFile(page, "utf8")).replaceAll(/^```.*?^```/gms, "");
  return new Set(Array.from(prose.matchAll(/^#{1,6} (.*)$/gm), ([, heading = ""]) => anchorOf(heading)));
}

test("every link of every page leads to a file and a heading that are there", async () => {
  const dead: string[] = [];
  for await (const page of glob("{*.md,docs/**/*.md}", { cwd: root })) {
    const prose = (await readFile(join(root, page), "utf8")).replaceAll(/^```.*?^```/gms, "");
    for (const [, target = ""] of prose.matchAll(/\]\((?![a-z]+:)([^)\s]+)\)/g)) {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? join(root, page) : join(root, dirname(page), path);
      if (!existsSync(file)) dead.push(`${page}: ${target}`);
      else if (anchor !== undefined && file.endsWith(".md") && !(await anchorsOf(file)).has(anchor)) dead.push(`${page}: ${target}`);
    }
  }
  expect(dead).toEqual([]);
});
