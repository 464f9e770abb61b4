import { fileURLToPath } from "node:url";
import { crashPoints } from "./crash-points/program.ts";
import { fuzz } from "./fuzz/program.ts";
import { interleavings } from "./interleavings/program.ts";
import { mutants } from "./mutants/program.ts";
import { longOutage, shortOutage } from "./outage/plan.ts";
import { outage } from "./outage/program.ts";
import { readOptions, usage, type Options } from "./options.ts";
import { check, torture } from "./run/program.ts";
import { settingsMatrix } from "./settings/program.ts";
import { tornReads } from "./torn-reads/program.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

function folderOf({ folder, plan, program }: Options): string {
  const started = new Date().toISOString().replaceAll(":", "").slice(0, 17);
  return folder ?? fileURLToPath(new URL(`../runs/${started}-${program === "run" ? plan.seed : program}`, import.meta.url));
}

async function run(options: Options): Promise<boolean> {
  const common = { folder: folderOf(options), version: options.plan.version, report: options.report };
  if (options.program === "mutants") return mutants(root, options.only, options.report);
  if (options.program === "interleavings") return interleavings(folderOf(options), options.plan.version, { long: options.night, only: options.only });
  if (options.program === "fuzz") return fuzz({ ...common, seed: options.plan.seed, seconds: options.plan.seconds, calls: options.calls, only: options.only });
  if (options.program === "settings") return settingsMatrix({ ...common, only: options.only, short: options.ci });
  if (options.program === "outage")
    return outage(options.ci ? shortOutage(options.plan.version) : longOutage(options.plan.version, options.minutes), folderOf(options), options.report);
  if (options.program === "torn-reads") return tornReads(folderOf(options), options.plan.version, options.plan.seconds);
  if (options.program === "crash-points") {
    const sample = options.cases === undefined ? undefined : { cases: options.cases, seed: options.plan.seed };
    return crashPoints({ ...common, call: options.call, messages: options.only, sample, share: options.share });
  }
  if (options.program === "check") return check(folderOf(options), options.report);
  return torture(options.plan, folderOf(options), options.report);
}

const options = readOptions(process.argv.slice(2));
if (options.help) console.log(usage);
else if (!(await run(options))) process.exitCode = 1;
