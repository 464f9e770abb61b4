import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, tools, type RunOptions } from "./run.ts";

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** What is read of vitest's JSON report, which follows Jest's. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[];
}

/** Runs vitest and counts. A test file that cannot be loaded, or a run that fails beside its tests, counts as a failed test. */
export async function runVitest(args: readonly string[], options: RunOptions = {}): Promise<Tally> {
  const file = join(tmpdir(), `tidemark-vitest-${process.pid}.json`);
  const code = await run(tools.vitest, ["run", ...args, "--update=none", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`], options);
  const tally = await readFile(file, "utf8").then(count, () => ({ passed: 0, failed: 0 }));
  await rm(file, { force: true });
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
}

function count(text: string): Tally {
  const { numPassedTests, numFailedTests, testResults }: Report = JSON.parse(text);
  const broken = testResults.filter((file) => file.status === "failed" && file.assertionResults.every(({ status }) => status !== "failed"));
  return { passed: numPassedTests, failed: numFailedTests + broken.length };
}

export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce((all, one) => ({ passed: all.passed + one.passed, failed: all.failed + one.failed }), { passed: 0, failed: 0 });
}

/** Prints the result as the last line, in the form that CI reads, and sets the exit code. */
export function conclude({ passed, failed }: Tally): void {
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
