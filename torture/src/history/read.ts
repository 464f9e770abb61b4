import { existsSync, readFileSync } from "node:fs";
import type { Entry } from "./entry.ts";

/** The lines of a history. A process that was killed may have left a torn last one, which counts as not written. */
export function readHistory(file: string): Entry[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  // What follows the last line end: nothing, or a torn line.
  lines.pop();
  return lines.map((line): Entry => JSON.parse(line));
}
