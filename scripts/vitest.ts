import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { root, run, tools, type RunOptions } from "./run.ts";

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** A line for each: what it is and why. Told again at the end of a long output, of which the end may be all that is kept. */
  readonly failures: readonly string[];
}

/** What is read of vitest's JSON report, which follows Jest's. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string; readonly failureMessages?: readonly string[] }[];
  }[];
}

/** Runs vitest and counts. A test file that cannot be loaded, or a run that fails beside its tests, counts as a failed test. */
export async function runVitest(args: readonly string[], options: RunOptions = {}): Promise<Tally> {
  const file = join(tmpdir(), `tidemark-vitest-${process.pid}.json`);
  const code = await run(tools.vitest, ["run", ...args, "--update=none", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`], options);
  const tally = await readFile(file, "utf8").then(count, () => sum([]));
  await rm(file, { force: true });
  return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1, failures: [failure("vitest", args.join(" "), `ended with code ${code}`)] } : tally;
}

function count(text: string): Tally {
  const { numPassedTests, numFailedTests, testResults }: Report = JSON.parse(text);
  const broken = testResults.filter((file) => file.status === "failed" && file.assertionResults.every(({ status }) => status !== "failed"));
  const failures = [
    ...testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.filter(({ status }) => status === "failed").map((test) => failure(relative(root, name), test.fullName, test.failureMessages?.[0])),
    ),
    ...broken.map(({ name, message }) => failure(relative(root, name), "the file", message)),
  ];
  return { passed: numPassedTests, failed: numFailedTests + broken.length, failures };
}

/** The form by which `.ci/run` finds it. */
function failure(where: string, what: string, why = ""): string {
  return `✗ ${where} › ${what}: ${why.split("\n", 1)[0]}`;
}

export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((all, { passed }) => all + passed, 0),
    failed: tallies.reduce((all, { failed }) => all + failed, 0),
    failures: tallies.flatMap(({ failures }) => failures),
  };
}

/** Prints what failed, and the result as the last line, in the form that CI reads, and sets the exit code. */
export function conclude({ passed, failed, failures }: Tally): void {
  if (failures.length > 0) console.log(`\n${failures.join("\n")}`);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
