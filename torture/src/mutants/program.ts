import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CheckedRun } from "../check/verdict.ts";
import { readMutants, type Mutant } from "./patch.ts";
import { type Fate, reportMutants } from "./report.ts";
import { copyTree, type Tree } from "./tree.ts";

/** Chance has a part in it: a mutant that survives is hunted again, with other seeds. */
const hunts = 3;

async function hunt(tree: Tree, mutant: Mutant, attempt: number): Promise<string[]> {
  const folder = join(tree.folder, "runs", `${mutant.name}-${attempt}`);
  const program = join(tree.folder, "torture", "src", "main.ts");
  const child = spawn(process.execPath, ["--conditions=source", program, ...mutant.hunt, "--seed", `${attempt}`, "--folder", folder], {
    cwd: tree.folder,
    stdio: "ignore",
  });
  await once(child, "exit");
  const text = await readFile(join(folder, "verdict.json"), "utf8").catch(() => undefined);
  if (text === undefined) return ["no verdict"];
  const { verdicts }: CheckedRun = JSON.parse(text);
  return [...new Set(verdicts.filter(({ anomalies }) => anomalies > 0).map(({ id }) => id))];
}

async function pursue(tree: Tree, mutant: Mutant): Promise<Fate> {
  const startedAt = performance.now();
  await tree.apply(mutant.file);
  let broken: string[] = [];
  let attempt = 0;
  let killed = false;
  while (!killed && attempt < hunts) {
    broken = await hunt(tree, mutant, ++attempt);
    killed = mutant.breaks.some((id) => broken.includes(id));
  }
  await tree.revert(mutant.file);
  return { mutant, broken, killed, hunts: attempt, seconds: Math.round((performance.now() - startedAt) / 1_000) };
}

/** Puts one bug after the other into a copy of the code, and looks whether it is found. Returns whether all are. */
export async function mutants(root: string, only: readonly string[] | undefined, report: string | undefined): Promise<boolean> {
  const all = readMutants(join(root, "torture", "mutants"));
  const chosen = all.filter(({ name }) => only?.some((part) => name.includes(part)) ?? true);
  await using tree = await copyTree(root);
  const fates: Fate[] = [];
  for (const mutant of chosen) {
    const fate = await pursue(tree, mutant);
    fates.push(fate);
    await reportMutants(report, fates, all);
    console.log(
      `${fate.killed ? "killed  " : "SURVIVED"} ${mutant.name}: ${fate.broken.join(", ") || "nothing broke"} (${fate.hunts} of ${hunts} hunts, ${fate.seconds} s)`,
    );
  }
  const survivors = fates.filter(({ killed }) => !killed);
  console.log(`${fates.length - survivors.length} of ${fates.length} mutants killed.`);
  return survivors.length === 0;
}
