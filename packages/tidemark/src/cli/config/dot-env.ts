import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { InvalidArgumentError } from "../../errors/errors.ts";

/** The variables of `.env` in a folder, as Node.js reads them. None where there is no such file. */
export function readDotEnv(folder: string): NodeJS.ProcessEnv {
  const file = join(folder, ".env");
  if (!existsSync(file)) return {};
  try {
    return parseEnv(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new InvalidArgumentError(file, `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
