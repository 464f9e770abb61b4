import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { className, show } from "../arguments/show.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { Projection } from "../arguments/projection.ts";
import { checkProjections } from "../projections/check-projections.ts";
import { DefinedProjection } from "../projections/defined-projection.ts";
import type { Consumer } from "../worker/consumer.ts";
import { DefinedConsumer } from "../worker/define-consumer.ts";

/** What a worker runs. */
export interface WorkerModule {
  readonly consumers: readonly Consumer[];
  readonly projections: readonly Projection[];
}

/**
 * The consumers and async projections that a module exports: by themselves, in arrays, or as the default export, each once.
 * Inline projections are left to the appends.
 *
 * @throws {@link InvalidArgumentError} — the file is not there, cannot be loaded, or exports neither.
 */
export async function loadConsumers(file: string): Promise<WorkerModule> {
  const exported = Object.entries(await load(file));
  const values = exported.flatMap(([, value]) => (Array.isArray(value) ? value : [value]));
  // What a module exports by name and by default is one consumer.
  const consumers = [...new Set(values)].filter((value) => value instanceof DefinedConsumer);
  const projections = [...new Set(values)].filter((value) => value instanceof DefinedProjection && value.mode === "async");
  if (values.some(isForeign)) {
    throw new InvalidArgumentError(
      "<file>",
      "exports a consumer of another copy of tidemark. Run the command of the package that the file imports, from its folder: npx tidemark worker …",
    );
  }
  if (consumers.length + projections.length > 0) return { consumers, projections: checkProjections(projections, "<file>") };
  const found = exported.length === 0 ? "nothing" : exported.map(([name, value]) => `${name} (${kindOf(value)})`).join(", ");
  throw new InvalidArgumentError(
    "<file>",
    `exports no consumer: it exports ${found}. Export what defineConsumer returns, or an async projection, by itself, in an array or by default.`,
  );
}

async function load(file: string): Promise<object> {
  const path = resolve(file);
  try {
    await access(path);
  } catch (cause) {
    throw new InvalidArgumentError("<file>", `cannot be read: ${JSON.stringify(path)}`, { cause });
  }
  try {
    const module: unknown = await import(pathToFileURL(path).href);
    return Object(module);
  } catch (cause) {
    const told = cause instanceof Error ? (cause.stack ?? cause.message) : show(cause);
    throw new InvalidArgumentError("<file>", `cannot be loaded: ${told}${hintFor(cause, path)}`, { cause });
  }
}

function hintFor(error: unknown, path: string): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  if (code === "ERR_UNKNOWN_FILE_EXTENSION")
    return `\nThis Node.js (${process.version}) does not run TypeScript: use 22.18 or later, or name the compiled file.`;
  // Node.js tells the line of a syntax error only where nothing catches it.
  if (error instanceof SyntaxError) return `\nTo see the place: node ${JSON.stringify(path)}`;
  return "";
}

/** A consumer to whoever looks, but not one that this copy of the library made. */
function isForeign(value: unknown): boolean {
  if (typeof value !== "object" || value === null || value instanceof DefinedConsumer) return false;
  return className(value) === "DefinedConsumer" && Reflect.get(value, "kind") === "consumer";
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "string" || typeof value === "number" ? `a ${typeof value}` : show(value);
}
