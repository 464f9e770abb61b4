// `npm test`: builds, checks and tests everything. The last line is "N passed, N failed".
import { announce, run, tools } from "./run.ts";
import { conclude, runVitest, sum, type Tally } from "./vitest.ts";

const tallies: Tally[] = [];

async function step(what: string, program: string, args: readonly string[]): Promise<void> {
  announce(what);
  if ((await run(program, args)) !== 0) {
    console.error(`Failed: ${what}`);
    tallies.push({ passed: 0, failed: 1, failures: [`✗ ${what}`] });
  }
}

await step("Build packages/tidemark", "scripts/build.ts", []);
await step("Lint", tools.oxlint, []);
await step("Check the format", tools.oxfmt, ["--check"]);
await step("Check what is generated", "scripts/embed-sql.ts", ["--check"]);
await step("Check the types", "scripts/types.ts", []);

// The guides and the examples run once, below: where the oldest Node.js runs them, so does this one. The torture harness has a command of its own.
announce("Test the sources");
tallies.push(await runVitest(["--project=!docs", "--project=!examples", "--project=!torture"]));
announce("Test the contract, the guides and the examples on Node.js 22.18, the oldest supported");
tallies.push(await runVitest(["--project=contract", "--project=docs", "--project=examples"], { nodeVersion: "22.18.0" }));
announce("Verify the package as it will be published");
tallies.push(await runVitest(["--config=vitest.verify.config.ts"]));

conclude(sum(tallies));
