import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";

/** What a module exports, by name. A value that is exported under two names comes twice. */
export type ModuleExports = readonly (readonly [name: string, value: unknown])[];

let loaded = false;

/** Whether code of the user's has run in this process. */
export function hasLoadedModules(): boolean {
  return loaded;
}

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
  loaded = true;
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

/** What to do about errors of Node.js that do not say it, by their code. */
const hints: Readonly<Record<string, string>> = {
  ERR_UNKNOWN_FILE_EXTENSION: `This Node.js (${process.version}) does not run TypeScript: use 22.18 or later, without --no-strip-types, or name the compiled file.`,
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX: "Node.js runs TypeScript by leaving out the types: enums, namespaces and parameter properties have to be compiled before.",
  ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING: "Node.js runs no TypeScript in node_modules: name the compiled file.",
  ERR_MODULE_NOT_FOUND: "Node.js takes imports as they are written: with the extension of the file, .ts included.",
};

function hintFor(error: unknown, path: string): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  const hint = typeof code === "string" ? hints[code] : undefined;
  // A package that is not installed has the same code.
  if (hint !== undefined && !String(error).includes("Cannot find package")) return `\n${hint}`;
  // Node.js tells the line of a syntax error only where nothing catches it.
  if (error instanceof SyntaxError) return `\nTo see the place: node ${JSON.stringify(path)}`;
  return "";
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "string" || typeof value === "number" ? `a ${typeof value}` : describeValue(value);
}
