import type { Version } from "@tidemark/servers";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Verdict } from "../check/invariant.ts";
import { runChecker } from "../check/run-checker.ts";
import { createProgress } from "../progress.ts";
import { keepReport } from "../report/keep.ts";
import type { Chosen, CrashPoints } from "./found.ts";
import { runCrashPoints } from "./run.ts";

export interface CrashPointsOptions extends Chosen {
  readonly folder: string;
  readonly version: Version;
  /** Where a report is kept. */
  readonly report: string | undefined;
}

/** Breaks every call of the API at each of its protocol messages, and prints what came of it. Returns whether all is well. */
export async function crashPoints({ folder, version, report, ...chosen }: CrashPointsOptions): Promise<boolean> {
  const startedAt = performance.now();
  await mkdir(folder, { recursive: true });
  const done = await runCrashPoints(folder, version, createProgress(), chosen);
  const { cases, all, messages, missed, slow, wrong } = done;
  const verdicts = await judgeCrashPoints(done);
  await writeFile(join(folder, "verdict.json"), JSON.stringify({ verdicts }, undefined, 2));
  const red = verdicts.filter(({ anomalies }) => anomalies > 0);
  const well = red.length + slow.length === 0;
  const lines = [
    ...messages.map(([name, count]) => `${`${count}`.padStart(5)} messages  ${name}`),
    `${cases} crash points${cases === all ? "" : ` of ${all}`} in ${Math.round((performance.now() - startedAt) / 1_000)} s; at ${missed} the message did not come again.`,
    ...slow.map((text) => `Too slow: ${text}`),
    ...red.flatMap(({ id, title, anomalies, examples }) => [`${id} FAILS: ${title}`, `${anomalies} anomalies:`, ...examples.map((text) => `  ${text}`)]),
    well ? `No anomalies: ${[...new Set(verdicts.map(({ id }) => id))].join(", ")} hold.` : "ANOMALIES.",
  ];
  for (const line of lines) console.log(line);
  if (!well) console.log(`Histories: ${folder}`);
  await keepReport(report, { title: `Every call, broken at each of its messages, on PostgreSQL ${version}`, lines });
  console.log(`${cases - slow.length - wrong.length} passed, ${slow.length + red.length} failed`);
  return well;
}

/** What the checker says of the histories, and what was wrong when a call was over, by what it is about. */
export async function judgeCrashPoints({ cases, folders, wrong }: CrashPoints): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  // Some of what it knows is about processes and faults that this program does not have.
  for (const folder of folders) verdicts.push(...(await runChecker(folder)).verdicts.filter(({ checked }) => checked > 0));
  for (const id of new Set(wrong.map(({ promise }) => promise))) {
    const texts = wrong.filter(({ promise }) => promise === id).map(({ text }) => text);
    verdicts.push({
      id,
      title: "All is as it should be when a call that broke is over",
      checked: cases,
      anomalies: texts.length,
      examples: texts.slice(0, 20),
    });
  }
  return verdicts;
}
