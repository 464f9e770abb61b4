import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { CheckedRun } from "./verdict.ts";

/** Checks in a process of its own: it must know nothing but what was written down. */
export async function runChecker(folder: string): Promise<CheckedRun> {
  const program = fileURLToPath(new URL("main.ts", import.meta.url));
  const checker = spawn(process.execPath, ["--conditions=source", "--max-old-space-size=12000", program, folder], { stdio: "inherit" });
  await once(checker, "exit");
  return JSON.parse(await readFile(join(folder, "verdict.json"), "utf8"));
}
