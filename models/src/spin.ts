import { execFile } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Macros } from "./model.ts";

/** What an exhaustive search found. */
export interface Search {
  readonly states: number;
  readonly seconds: number;
  /** The broken invariant, or `invalid end state`; undefined where everything holds. */
  readonly broken: string | undefined;
  /** Places of the model that no state reached. */
  readonly unreached: readonly string[];
}

/** Deeper than any search here by far; a search that gets there was cut off, and proves nothing. */
const mostDepth = 100_000;
const mostMegabytes = 3_000;

/**
 * Searches all states of a model.
 *
 * @throws Error — a tool is missing, the model is wrong, or the search was cut off.
 */
export async function search(file: string, macros: Macros, optimised: boolean): Promise<Search> {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-models-"));
  try {
    await copyFile(file, join(folder, "model.pml"));
    await run(folder, "spin", ["-a", ...macros.map((macro) => `-D${macro}`), "model.pml"]);
    await run(folder, "gcc", [optimised ? "-O2" : "-O0", "-w", "-DSAFETY", "-DNOCLAIM", `-DMEMLIM=${mostMegabytes}`, "-o", "pan", "pan.c"]);
    const startedAt = performance.now();
    const output = await run(folder, "./pan", [`-m${mostDepth}`, "-w22"]);
    return { ...searchOf(output), seconds: (performance.now() - startedAt) / 1000 };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** @throws Error — the output is not that of a whole search. */
export function searchOf(output: string): Omit<Search, "seconds"> {
  const states = /^ *(\d+) states, stored/m.exec(output)?.[1];
  if (states === undefined || /too small|out of memory|aborted|^error:/m.test(output)) throw new Error(`The search was cut off:\n${output}`);
  const [, problem] = /^pan:\d+: (.+) \(at depth \d+\)$/m.exec(output) ?? [];
  if (problem === undefined && !/errors: 0$/m.test(output)) throw new Error(`The search ended with an error:\n${output}`);
  const unreached = Array.from(output.matchAll(/^\tmodel\.pml:(\d+), state \d+, "(.+)"$/gm), ([, line, statement]) => `${line}: ${statement}`);
  return {
    states: Number(states),
    broken: problem === undefined ? undefined : invariantOf(problem),
    unreached: unreached.filter((place) => !place.endsWith(": -end-")),
  };
}

/** `MUST(invariant, condition)` asserts `(condition) || invariant`, so that what is broken has a name here. */
function invariantOf(problem: string): string {
  return /\|\|(\w+)\)$/.exec(problem)?.[1] ?? problem;
}

async function run(folder: string, program: string, args: readonly string[]): Promise<string> {
  return await new Promise((resolve, reject) => {
    execFile(program, args, { cwd: folder, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error && "code" in error && error.code === "ENOENT")
        reject(new Error(`${program} is not installed. The models need spin and gcc: apt-get install spin gcc libc6-dev`, { cause: error }));
      else if (error) reject(new Error(`${program} failed:\n${stdout}${stderr}`, { cause: error }));
      else resolve(stdout);
    });
  });
}
