import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { className, describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { Projection } from "../arguments/projection.ts";
import { checkProjections } from "../projections/check-projections.ts";
import { DefinedProjection } from "../projections/defined-projection.ts";
import type { Consumer } from "../consumers/consumer.ts";
import { DefinedConsumer } from "../consumers/define-consumer.ts";

/** What a module exports. */
export interface WorkerModule {
  readonly consumers: readonly Consumer[];
  /** Async ones, which a worker follows. */
  readonly projections: readonly Projection[];
  /** Appends write these, and a store that knows them follows them wherever appends do not. */
  readonly inline: readonly Projection[];
}

/**
 * The consumers and projections that a module exports: by themselves, in arrays, or as the default export, each once.
 *
 * @param where - The argument or option that names the file, for messages.
 * @throws {@link InvalidArgumentError} — the file is not there, cannot be loaded, or exports neither.
 */
export async function loadModule(file: string, where = "<file>"): Promise<WorkerModule> {
  const exported = Object.entries(await load(file, where));
  // What a module exports by name and by default is one consumer.
  const values = [...new Set(exported.flatMap(([, value]): unknown[] => (Array.isArray(value) ? value : [value])))];
  if (values.some(isForeign)) {
    throw new InvalidArgumentError(
      where,
      "exports a consumer or projection of another copy of tidemark. Run the command of the package that the file imports, from its folder: npx tidemark …",
    );
  }
  const consumers = values.filter((value) => value instanceof DefinedConsumer);
  const projections = checkProjections(
    values.filter((value) => value instanceof DefinedProjection),
    where,
  );
  if (consumers.length + projections.length > 0) {
    const inMode = (mode: Projection["mode"]): readonly Projection[] => projections.filter((projection) => projection.mode === mode);
    return { consumers, projections: inMode("async"), inline: inMode("inline") };
  }
  const found = exported.length === 0 ? "nothing" : exported.map(([name, value]) => `${name} (${kindOf(value)})`).join(", ");
  throw new InvalidArgumentError(
    where,
    `exports no consumer and no projection: it exports ${found}. Export what defineConsumer, defineProjection or documentProjection returns, by itself, in an array or by default.`,
  );
}

/** What `--projections` names: the inline projections of a module. */
export async function loadInline(file: string): Promise<readonly Projection[]> {
  const { inline } = await loadModule(file, "--projections");
  if (inline.length > 0) return inline;
  throw new InvalidArgumentError("--projections", "exports no inline projection: appends write only those. Leave it out.");
}

async function load(file: string, where: string): Promise<object> {
  const path = resolve(file);
  try {
    await access(path);
  } catch (cause) {
    throw new InvalidArgumentError(where, `cannot be read: ${JSON.stringify(path)}`, { cause });
  }
  try {
    const module: unknown = await import(pathToFileURL(path).href);
    return Object(module);
  } catch (cause) {
    const told = cause instanceof Error ? (cause.stack ?? cause.message) : describeValue(cause);
    throw new InvalidArgumentError(where, `cannot be loaded: ${told}${hintFor(cause, path)}`, { cause });
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

/** A consumer or projection by its looks, but not one that this copy of the library made. */
function isForeign(value: unknown): boolean {
  if (typeof value !== "object" || value === null || value instanceof DefinedConsumer || value instanceof DefinedProjection) return false;
  return /^Defined(Consumer|(Document)?Projection)$/.test(className(value) ?? "") && typeof Reflect.get(value, "name") === "string";
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === "string" || typeof value === "number" ? `a ${typeof value}` : describeValue(value);
}
