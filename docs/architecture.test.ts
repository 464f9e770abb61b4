import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const source = join(root, "packages/tidemark/src");
const page = await readFile(join(root, "ARCHITECTURE.md"), "utf8");
const questions = Array.from(
  page.slice(page.indexOf("## Twenty questions")).matchAll(/^\| (.+\?) \| `([^`]+)` \| `([^`]+)` \|$/gm),
  ([, question = "", file = "", name = ""]) => ({ question, file, name }),
);

describe("ARCHITECTURE.md", () => {
  test("answers twenty questions, each with a file of its own", () => {
    expect(questions).toHaveLength(20);
    expect(new Set(questions.map(({ file }) => file)).size).toBe(20);
  });

  test.for(questions)("$question", async ({ file, name }) => {
    expect(await readFile(join(source, file), "utf8")).toContain(name);
  });

  test("leads to a file of every room whose work is asked for, by the room's name", async () => {
    const rooms = await readdir(source, { withFileTypes: true });
    const names = rooms.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(questions.map(({ file }) => file.split("/")[0])));
  });

  test("shows every room, and names no file that is not there", async () => {
    const rooms = (await readdir(source, { withFileTypes: true })).filter((entry) => entry.isDirectory());
    expect(rooms.map(({ name }) => name).filter((name) => !page.includes(`${name}/`))).toEqual([]);
    const named = Array.from(page.matchAll(/`([a-z/-]+\/[a-z-]+\.(?:test\.)?(?:ts|sql))`/g), ([, file = ""]) => file);
    expect(named.length).toBeGreaterThan(40);
    const missing = named.filter((file) => !existsSync(join(source, file)) && !existsSync(join(root, "packages/tidemark", file)));
    expect(missing).toEqual([]);
  });
});
