import type { Version } from "@tidemark/servers";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Verdict } from "../check/invariant.ts";
import { createProgress } from "../progress.ts";
import { huntTornReads } from "./hunt.ts";

/** Compares floors and marks with the positions drawn after them, and writes the verdict. Returns whether all is well. */
export async function tornReads(folder: string, version: Version, seconds: number): Promise<boolean> {
  const torn = await huntTornReads(version, seconds, createProgress());
  const verdicts = torn.map(({ what, reads, ahead }): Verdict => ({
    id: "S1",
    title: `What a follower is given rests on this: ${what} never lies ahead of the positions drawn`,
    checked: reads,
    anomalies: ahead === undefined ? 0 : 1,
    examples: ahead === undefined ? [] : [`${what} lay ${ahead} ahead`],
  }));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "verdict.json"), JSON.stringify({ verdicts }));
  for (const { what, reads, ahead } of torn) console.log(`${what}: read ${reads} times, ${ahead === undefined ? "never ahead" : `AHEAD by ${ahead}`}`);
  const failed = torn.filter(({ ahead }) => ahead !== undefined).length;
  console.log(`${torn.length - failed} passed, ${failed} failed`);
  return failed === 0;
}
