import { runChecker } from "../check/run-checker.ts";
import { createProgress } from "../progress.ts";
import { runCrashPoints } from "./run.ts";

/** Breaks every call of the API at each of its protocol messages, and prints what came of it. Returns whether all is well. */
export async function crashPoints(folder: string, version: 15 | 18, call: string | undefined): Promise<boolean> {
  const startedAt = performance.now();
  const { cases, messages, missed, slow, wrong } = await runCrashPoints(folder, version, createProgress(), call);
  const { verdicts } = await runChecker(folder);
  // The others are about processes and faults that this program does not have.
  const asked = verdicts.filter(({ checked }) => checked > 0);
  const red = asked.filter(({ anomalies }) => anomalies > 0);
  for (const [name, count] of messages) console.log(`${`${count}`.padStart(5)} messages  ${name}`);
  console.log(`${cases} crash points in ${Math.round((performance.now() - startedAt) / 1_000)} s; at ${missed} the message did not come again.`);
  for (const text of slow) console.log(`Too slow: ${text}`);
  for (const { id, title, anomalies, examples } of red) console.log(`${id} FAILS: ${title}\n${anomalies} anomalies:\n  ${examples.join("\n  ")}`);
  for (const text of wrong) console.log(`Wrong: ${text}`);
  const well = red.length + slow.length + wrong.length === 0;
  console.log(well ? `No anomalies: ${asked.map(({ id }) => id).join(", ")} hold.` : `ANOMALIES. Histories: ${folder}`);
  console.log(`${cases - slow.length - wrong.length} passed, ${slow.length + wrong.length + red.length} failed`);
  return well;
}
