import type { Version } from "@tidemark/servers";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Verdict } from "../check/invariant.ts";
import { createProgress } from "../progress.ts";
import { explore, meetings } from "./explore.ts";

/** Which meetings. */
interface Choice {
  /** Those of three sessions too. */
  readonly long: boolean;
  /** Parts of names; undefined: all. */
  readonly only: readonly string[] | undefined;
}

/** Runs the statements of sessions in every order, prints what came of it, and writes the verdict. Returns whether all is well. */
export async function interleavings(folder: string, version: Version, { long, only }: Choice): Promise<boolean> {
  const startedAt = performance.now();
  const explored = await explore(
    meetings.filter((meeting) => (long || meeting.long !== true) && (only?.some((part) => meeting.name.includes(part)) ?? true)),
    version,
    createProgress(),
  );
  const verdicts = explored.map(({ name, promise, orders, anomalies }): Verdict => ({
    id: promise,
    title: name,
    checked: orders,
    anomalies: anomalies.length,
    examples: anomalies.slice(0, 20),
  }));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "verdict.json"), JSON.stringify({ verdicts }));
  for (const { name, orders, impossible, waits, anomalies } of explored) {
    console.log(`${`${orders}`.padStart(6)} orders (${waits} with a wait, ${impossible} cannot be)  ${name}`);
    for (const anomaly of anomalies.slice(0, 20)) console.log(`        ANOMALY in ${anomaly}`);
  }
  const sum = explored.reduce((total, { orders }) => total + orders, 0);
  const red = explored.reduce((total, { anomalies }) => total + anomalies.length, 0);
  console.log(`${sum} orders in ${Math.round((performance.now() - startedAt) / 1_000)} s; ${red === 0 ? "no anomalies" : `${red} ANOMALIES`}.`);
  const failed = explored.filter(({ anomalies }) => anomalies.length > 0).length;
  console.log(`${explored.length - failed} passed, ${failed} failed`);
  return red === 0;
}
