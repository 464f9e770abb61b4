import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runChecker } from "./check/run-checker.ts";
import { holds } from "./check/verdict.ts";
import { readOptions, usage } from "./options.ts";
import { createProgress } from "./progress.ts";
import { htmlReport } from "./report/html.ts";
import { shortfalls, textReport } from "./report/text.ts";
import { runTorture } from "./run/run.ts";

const options = readOptions(process.argv.slice(2));
if (options.help) {
  console.log(usage);
} else {
  const { plan } = options;
  const started = new Date().toISOString().replaceAll(":", "").slice(0, 17);
  const folder = options.folder ?? fileURLToPath(new URL(`../runs/${started}-${plan.seed}`, import.meta.url));
  console.log(`Seed ${plan.seed}. ${plan.seconds} s, ${plan.faults} faults, ${plan.events} events. Histories go to ${folder}`);
  const progress = createProgress();
  const run = await runTorture(plan, folder, progress);
  progress("checking");
  const checked = await runChecker(folder);
  console.log(`\n${textReport(run, checked)}`);
  const report = join(folder, "report.html");
  await writeFile(report, htmlReport(run, checked));
  console.log(`\nReport: ${report}`);
  const short = shortfalls(run, checked);
  for (const text of short) console.log(`Too little: ${text}.`);
  const red = checked.verdicts.filter((verdict) => !holds(verdict));
  console.log(
    red.length === 0
      ? `No anomalies. Seed ${plan.seed}.`
      : `ANOMALIES in ${red.map(({ id }) => id).join(", ")}. Run it again with: npm run torture -- --seed ${plan.seed}`,
  );
  process.exitCode = red.length > 0 || short.length > 0 ? 1 : 0;
}
