import { readFile, rm, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { inRoot, npm } from "../run.ts";
import { outputOf } from "./output.ts";

const project = inRoot("scripts/verify/jest");

/** Runs jest with the testing guide's configuration. Resolves to what it writes to stdout, and rejects, with its report, when a test fails. */
async function jest(...args: readonly string[]): Promise<string> {
  const configuration = (await guide("json")).trim();
  const command = ["exec", "--yes", "--package=jest@30.5.2", "--node-options=--experimental-vm-modules", "--", "jest"];
  return await outputOf(npm(), ...command, `--config=${configuration}`, `--rootDir=${project}`, "--runInBand", "--no-color", ...args);
}

/** The guide's one block of this language: a configuration of jest's, and a file of tests for it. */
async function guide(language: "json" | "js"): Promise<string> {
  const page = await readFile(inRoot("docs/guides/testing.md"), "utf8");
  const [, block] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms").exec(page) ?? [];
  if (block === undefined) throw new Error(`docs/guides/testing.md has no block of ${language} any more.`);
  return block;
}

test("jest runs scenarios, test stores and the contract of a store, and what the testing guide shows", async () => {
  const file = inRoot("scripts/verify/jest/guide.test.js");
  await writeFile(file, await guide("js"));
  try {
    const report: { numPassedTests: number; numFailedTests: number } = JSON.parse(await jest("--json", "passing.test.js", "guide.test.js"));
    expect(report).toMatchObject({ numFailedTests: 0, numPendingTests: 0, numPassedTestSuites: 2 });
    expect(report.numPassedTests).toBeGreaterThan(35);
  } finally {
    await rm(file);
  }
});

test("jest shows the difference when a scenario fails, and what a store refused", async () => {
  const { message } = await jest("failing.test.js").then(
    () => new Error("all passed"),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  expect(message).toContain("Tests:       5 failed, 5 total");
  expect(message).toMatch(/● a decider\n[^●]*\{ take: 'ada' \} led to other events[^●]*\+ +by: 'ada'\n *- +by: 'bob'/);
  expect(message).toMatch(/● a command over several streams\n[^●]*\+ +streamId: 'seat-2'/);
  expect(message).toMatch(/● a command by query\n[^●]*\+ +'room:1'\n *- +'room:2'/);
  expect(message).toMatch(/● a refusal that does not come\n[^●]*was not refused; it led to \{ type: 'SeatTaken'/);
  expect(message).toMatch(/● a test store\n[^●]*VersionConflictError/);
});
