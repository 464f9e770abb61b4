import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";

/** What a module exports, by name. A value that is exported under two names comes twice. */
export type ModuleExports = readonly (readonly [name: string, value: unknown])[];

/**
 * Loads a module of the user's.
 *
 * @param where - The argument or option that names the file, for messages.
 * @throws {@link InvalidArgumentError} — the file is not there, or cannot be loaded.
 */
export async function loadExports(file: string, where: string): Promise<ModuleExports> {
  const path = resolve(file);
  try {
    await access(path);
  } catch (cause) {
    throw new InvalidArgumentError(where, `cannot be read: ${JSON.stringify(path)}`, { cause });
  }
  try {
    const module: unknown = await import(pathToFileURL(path).href);
    return Object.entries(Object(module));
  } catch (cause) {
    const told = cause instanceof Error ? (cause.stack ?? cause.message) : describeValue(cause);
    throw new InvalidArgumentError(where, `cannot be loaded: ${told}${hintFor(cause, path)}`, { cause });
  }
}

/** `nothing`, or `mailer (a Function), limit (a number)`: what a module exports, for messages. */
export function toldExports(exported: ModuleExports): string {
  return exported.length === 0 ? "nothing" : exported.map(([name, value]) => `${name} (${kindOf(value)})`).join(", ");
}

function hintFor(error: unknown, path: string): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  if (code === "ERR_UNKNOWN_FILE_EXTENSION")
    return `\nThis Node.js (${process.version}) does not run TypeScript: use 22.18 or later, or name the compiled file.`;
  // Node.js tells the line of a syntax error only where nothing catches it.
  if (error instanceof SyntaxError) return `\nTo see the place: node ${JSON.stringify(path)}`;
  return "";
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "string" || typeof value === "number" ? `a ${typeof value}` : describeValue(value);
}
