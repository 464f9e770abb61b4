import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runChecker } from "../check/run-checker.ts";
import { holds } from "../check/verdict.ts";
import { createProgress } from "../progress.ts";
import { htmlReport } from "../report/html.ts";
import { shortfalls, textReport } from "../report/text.ts";
import type { Plan } from "./plan.ts";
import { runTorture } from "./run.ts";

/** Runs, checks and reports. Returns whether all is well. */
export async function torture(plan: Plan, folder: string): Promise<boolean> {
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
  console.log(`${checked.verdicts.length - red.length} passed, ${red.length + short.length} failed`);
  return red.length === 0 && short.length === 0;
}
