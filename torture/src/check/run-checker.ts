import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CheckedRun } from "./verdict.ts";

/** Checks in a process of its own: it must know nothing but what was written down. */
export async function runChecker(folder: string): Promise<CheckedRun> {
  const program = fileURLToPath(new URL("main.ts", import.meta.url));
  const verdict = join(folder, "verdict.json");
  // Else a checker that falls over would leave the last one's.
  await rm(verdict, { force: true });
  const checker = spawn(process.execPath, ["--conditions=source", "--max-old-space-size=12000", program, folder], { stdio: "inherit" });
  const [code, signal] = await once(checker, "exit");
  if (!existsSync(verdict)) throw new Error(`The checker of ${folder} ended with ${signal ?? `code ${code}`} and no verdict.`);
  return JSON.parse(await readFile(verdict, "utf8"));
}
