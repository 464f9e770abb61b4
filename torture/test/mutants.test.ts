import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtempDisposable, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { invariants } from "../src/check/invariants/invariants.ts";
import { rebuiltWhole } from "../src/crash-points/rebuild/run.ts";
import { asTheModel } from "../src/fuzz/program.ts";
import { type Mutant, readMutants } from "../src/mutants/patch.ts";
import { type Fate, reportMutants } from "../src/mutants/report.ts";
import { readOptions } from "../src/options.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const mutants = readMutants(fileURLToPath(new URL("../mutants", import.meta.url)));

describe("a mutant", () => {
  test("is one of many", () => {
    expect(mutants.length).toBeGreaterThanOrEqual(25);
  });

  test.for(mutants)("$name fits the code as it is, and names what must find it", async ({ file, breaks, hunt }) => {
    await promisify(execFile)("git", ["apply", "--check", file], { cwd: root });
    expect([...invariants, asTheModel, rebuiltWhole].map(({ id }) => id)).toEqual(expect.arrayContaining([...breaks]));
    expect(readOptions(hunt).program).not.toBe("mutants");
    // A module that is not there would be found instead of the bug.
    const patch = await readFile(file, "utf8");
    for (const [, changed = "", hunk = ""] of patch.matchAll(/^\+\+\+ b\/(\S+)\n((?:(?!^diff )[^\n]*\n)*)/gm)) {
      const modules = Array.from(hunk.matchAll(/^\+.*\bfrom "(\.[^"]+)"/gm), ([, module = ""]) => module);
      expect(modules.filter((module) => !existsSync(join(root, dirname(changed), module)))).toEqual([]);
    }
  });
});

test("a report of some mutants keeps the lines of others", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "tidemark-mutants-report-"));
  const file = join(folder.path, "mutants.md");
  const [first, second, third] = mutants;
  if (!first || !second || !third) throw new Error("There are not enough mutants.");
  const fate = (mutant: Mutant, killed: boolean): Fate => ({ mutant, broken: ["L1"], killed, hunts: 1, seconds: 7 });
  const rows = async (): Promise<string[]> => (await readFile(file, "utf8")).split("\n").filter((line) => /^\| \[?[a-z]+-/.test(line));
  await reportMutants(file, [fate(first, true), fate(second, false)], [first, second, third]);
  const before = await rows();
  expect(before).toEqual([expect.stringContaining("| L1 | 7 s |"), expect.stringContaining("**survived**"), expect.stringContaining("**not hunted**")]);
  await reportMutants(file, [fate(third, true)], [first, second, third]);
  expect(await rows()).toEqual([before[0], before[1], expect.stringContaining("| L1 | 7 s |")]);
  expect(await readFile(file, "utf8")).toContain("2 of 3 were found");
});
