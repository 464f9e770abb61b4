import type { Version } from "@tidemark/servers";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Verdict } from "../check/invariant.ts";
import { runChecker } from "../check/run-checker.ts";
import { createProgress } from "../progress.ts";
import { runCrashPoints, type Chosen, type CrashPoints } from "./run.ts";

/** Breaks every call of the API at each of its protocol messages, and prints what came of it. Returns whether all is well. */
export async function crashPoints(folder: string, version: Version, chosen: Chosen): Promise<boolean> {
  const startedAt = performance.now();
  const done = await runCrashPoints(folder, version, createProgress(), chosen);
  const { cases, messages, missed, slow, wrong } = done;
  const verdicts = await judgeCrashPoints(done);
  await writeFile(join(folder, "verdict.json"), JSON.stringify({ verdicts }, undefined, 2));
  const red = verdicts.filter(({ anomalies }) => anomalies > 0);
  for (const [name, count] of messages) console.log(`${`${count}`.padStart(5)} messages  ${name}`);
  console.log(`${cases} crash points in ${Math.round((performance.now() - startedAt) / 1_000)} s; at ${missed} the message did not come again.`);
  for (const text of slow) console.log(`Too slow: ${text}`);
  for (const { id, title, anomalies, examples } of red) console.log(`${id} FAILS: ${title}\n${anomalies} anomalies:\n  ${examples.join("\n  ")}`);
  const well = red.length + slow.length === 0;
  console.log(well ? `No anomalies: ${[...new Set(verdicts.map(({ id }) => id))].join(", ")} hold.` : `ANOMALIES. Histories: ${folder}`);
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
