import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { invariants } from "../src/check/invariants/invariants.ts";
import { asTheModel } from "../src/fuzz/program.ts";
import { readMutants } from "../src/mutants/patch.ts";
import { readOptions } from "../src/options.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const mutants = readMutants(fileURLToPath(new URL("../mutants", import.meta.url)));

describe("a mutant", () => {
  test("is one of many", () => {
    expect(mutants.length).toBeGreaterThanOrEqual(25);
  });

  test.for(mutants)("$name fits the code as it is, and names what must find it", async ({ file, breaks, hunt }) => {
    await promisify(execFile)("git", ["apply", "--check", file], { cwd: root });
    expect([...invariants, asTheModel].map(({ id }) => id)).toEqual(expect.arrayContaining([...breaks]));
    expect(readOptions(hunt).program).not.toBe("mutants");
    // A module that is not there would be found instead of the bug.
    const patch = await readFile(file, "utf8");
    for (const [, changed = "", hunk = ""] of patch.matchAll(/^\+\+\+ b\/(\S+)\n((?:(?!^diff )[^\n]*\n)*)/gm)) {
      const modules = Array.from(hunk.matchAll(/^\+.*\bfrom "(\.[^"]+)"/gm), ([, module = ""]) => module);
      expect(modules.filter((module) => !existsSync(join(root, dirname(changed), module)))).toEqual([]);
    }
  });
});
