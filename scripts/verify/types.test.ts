import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../run.ts";
import { outputOf } from "./output.ts";

const mistakes = "packages/tidemark/test/types/mistakes";

const compilers = { "TypeScript 7": "node_modules/typescript/bin/tsc", "TypeScript 5.9": "node_modules/typescript-5/bin/tsc" };

describe.each(Object.entries(compilers))("the published declarations under %s", (_name, tsc) => {
  test.each(["true", "false"])("give users the types they expect with exactOptionalPropertyTypes %s", async (exact) => {
    expect(await outputOf(tsc, "-p", "packages/tidemark/test/types", "--exactOptionalPropertyTypes", exact)).toBe("");
  });

  test("have the compiler say in plain words what is wrong with the commonest mistakes", async () => {
    const lines = (await readFile(join(root, mistakes, "mistakes.ts"), "utf8")).split("\n");
    const output = await outputOf(tsc, "-p", mistakes).catch((error: Error) => error.message);
    // One block for each mistake: the line that names the place, and those below that go into it.
    const said = [...output.matchAll(/^\S+mistakes\.ts\((\d+),\d+\): (.*(?:\n  .*)*)/gm)].map(([, line, text]) => ({ line: Number(line), text: text ?? "" }));
    const expected = lines.flatMap((line, index) => (line.trim().startsWith("// says: ") ? [{ index, says: line.trim().slice("// says: ".length) }] : []));
    expect(said).toHaveLength(expected.length);
    expect(expected.length).toBeGreaterThan(5);
    for (const [n, { index, says }] of expected.entries()) {
      expect(said[n]?.text).toContain(says);
      expect(said[n]?.line).toBe(index + 2);
    }
  });
});
