// `npm test`: builds, checks, and tests the library. What users touch beside it is tested by `npm run test:package`, how it is operated by
// `npm run test:operations`, and the sinks on real brokers by `npm run test:brokers`. The last line is "N passed, N failed".
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { announce, root, run, tools } from "./run.ts";
import { pathsOf, testedApart } from "./test-folders.ts";
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

// Every folder but those, so that a new one is tested without being named.
const apart: readonly string[] = Object.values(testedApart).flat();
const folders = readdirSync(join(root, "packages/tidemark/test")).filter((folder) => !apart.includes(folder));
announce("Test the sources");
const projects = ["tidemark*", "contract", "servers", "scripts"].map((project) => `--project=${project}`);
tallies.push(await runVitest([...projects, "packages/tidemark/src/", "servers/", "scripts/", ...pathsOf(folders)]));

conclude(sum(tallies));
