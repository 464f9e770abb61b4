import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

const names = ["tidemark.config.ts", "tidemark.config.mts", "tidemark.config.js", "tidemark.config.mjs"];

/** The configuration that is nearest: in this folder, else in one above. Undefined: there is none. */
export function findConfigFile(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = names.map((name) => join(folder, name)).find((path) => existsSync(path));
    if (file !== undefined || folder === dirname(folder)) return file;
  }
}
