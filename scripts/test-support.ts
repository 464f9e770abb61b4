// Runs the built package on every supported runtime with every supported PostgreSQL, a bit of everything. The last line is "N passed, N failed".
import { existsSync } from "node:fs";
import { startServer } from "@tidemark/servers";
import { settings } from "../packages/tidemark/test/support/settings.ts";
import { announce, inRoot } from "./run.ts";
import { runtimes, type Runtime, servers } from "./support/matrix.ts";
import { packageOutput } from "./verify/output.ts";
import { conclude, sum, type Tally } from "./vitest.ts";

interface Outcome {
  readonly version: number;
  readonly problem?: string;
}

/** What a runtime did with each server. One that cannot be started, or says less, has failed with those that it did not tell of. */
async function outcomesOf(runtime: Runtime): Promise<readonly Outcome[]> {
  process.env["SUPPORT_SCHEMA"] = `smoke ${runtime.name}`;
  try {
    const output = await packageOutput(runtime.package, ...runtime.command, "scripts/support/smoke.mjs");
    return output
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line): Outcome => JSON.parse(line));
  } catch (error) {
    return servers.map((version) => ({ version, problem: error instanceof Error ? error.message : String(error) }));
  }
}

function tallyOf(runtime: Runtime, outcomes: readonly Outcome[]): Tally {
  const failures = servers.flatMap((version) => {
    const outcome = outcomes.find((one) => one.version === version);
    if (outcome && outcome.problem === undefined) return [];
    return [`✗ ${runtime.name} with PostgreSQL ${version}: ${outcome?.problem?.split("\n").slice(0, 3).join(" ") ?? "it told nothing"}`];
  });
  return { passed: servers.length - failures.length, failed: failures.length, failures };
}

if (!existsSync(inRoot("packages/tidemark/dist/index.js"))) throw new Error("packages/tidemark/dist/index.js is missing. Run: npm run build");
announce(`Try ${runtimes.length} runtimes with ${servers.length} versions of PostgreSQL`);
await using stack = new AsyncDisposableStack();
const started = await Promise.all(servers.map(async (version) => [version, stack.use(await startServer({ version, settings })).url] as const));
process.env["SUPPORT_URLS"] = JSON.stringify(Object.fromEntries(started));
const tallies: Tally[] = [];
for (const runtime of runtimes) {
  const tally = tallyOf(runtime, await outcomesOf(runtime));
  console.log(`${runtime.name}: ${tally.failed === 0 ? `works with PostgreSQL ${servers.join(", ")}` : tally.failures.join("\n")}`);
  tallies.push(tally);
}
conclude(sum(tallies));
