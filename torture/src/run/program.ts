import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runChecker } from "../check/run-checker.ts";
import { holds } from "../check/verdict.ts";
import { createProgress } from "../progress.ts";
import { htmlReport } from "../report/html.ts";
import { keepReport } from "../report/keep.ts";
import { shortfalls, textReport } from "../report/text.ts";
import type { Plan } from "./plan.ts";
import { runTorture, type RunRecord } from "./run.ts";

/** Runs, checks and reports. Returns whether all is well. */
export async function torture(plan: Plan, folder: string, kept: string | undefined): Promise<boolean> {
  console.log(`Seed ${plan.seed}. ${plan.seconds} s, ${plan.faults} faults, ${plan.events} events. Histories go to ${folder}`);
  const progress = createProgress();
  await runTorture(plan, folder, progress);
  progress("checking");
  return await check(folder, kept);
}

/**
 * Checks what a run has written down, and reports. A run can be checked again, by a later checker, without running it again.
 *
 * @param kept - a file for the report, which gets the one with plots beside it
 */
export async function check(folder: string, kept: string | undefined): Promise<boolean> {
  const run: RunRecord = JSON.parse(await readFile(join(folder, "run.json"), "utf8"));
  const { seed } = run.plan;
  const checked = await runChecker(folder);
  const text = textReport(run, checked);
  console.log(`\n${text}`);
  const html = htmlReport(run, checked);
  const report = join(folder, "report.html");
  await writeFile(report, html);
  console.log(`\nReport: ${report}`);
  if (kept !== undefined) await writeFile(kept.replace(/(\.md)?$/, ".html"), html);
  await keepReport(kept, { title: "What processes did while everything broke", lines: text.split("\n") });
  const short = shortfalls(run, checked);
  for (const text of short) console.log(`Too little: ${text}.`);
  const red = checked.verdicts.filter((verdict) => !holds(verdict));
  console.log(
    red.length === 0
      ? `No anomalies. Seed ${seed}.`
      : `ANOMALIES in ${red.map(({ id }) => id).join(", ")}. Run it again with: npm run torture -- --seed ${seed}`,
  );
  console.log(`${checked.verdicts.length - red.length} passed, ${red.length + short.length} failed`);
  return red.length === 0 && short.length === 0;
}
