import { className } from "../arguments/describe-value.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import type { Projection } from "../arguments/projection.ts";
import { checkProjections } from "../projections/check-projections.ts";
import { DefinedProjection } from "../projections/defined-projection.ts";
import type { Consumer } from "../consumers/consumer.ts";
import { DefinedConsumer } from "../consumers/define-consumer.ts";
import { DefinedProcess } from "../processes/defined-process.ts";
import type { Process } from "../processes/process.ts";
import { DefinedRelay } from "../relays/defined-relay.ts";
import type { Relay } from "../relays/relay.ts";
import { loadExports, toldExports } from "./module.ts";

/** What a module exports. */
export interface WorkerModule {
  readonly consumers: readonly Consumer[];
  /** Async ones, which a worker follows. */
  readonly projections: readonly Projection[];
  /** Appends write these, and a store that knows them follows them wherever appends do not. */
  readonly inline: readonly Projection[];
  readonly processes: readonly Process[];
  readonly relays: readonly Relay[];
}

/**
 * The consumers, projections, processes and relays that a module exports: by themselves, in arrays, or as the default export, each once.
 *
 * @param where - The argument or option that names the file, for messages.
 * @throws {@link InvalidArgumentError} — the file is not there, cannot be loaded, or exports none of them.
 */
export async function loadModule(file: string, where = "<file>"): Promise<WorkerModule> {
  const exported = await loadExports(file, where);
  // What a module exports by name and by default is one consumer.
  const found = sortDefinitions([...new Set(exported.flatMap(([, value]): unknown[] => (Array.isArray(value) ? value : [value])))], where);
  if (!isEmpty(found)) return found;
  throw new InvalidArgumentError(
    where,
    `exports no consumer, no projection, no process and no relay: it exports ${toldExports(exported)}. Export what defineConsumer, defineProjection, documentProjection, defineProcess or defineRelay returns, by itself, in an array or by default.`,
  );
}

/** Whether there is nothing for a worker to do. */
export function isEmpty({ consumers, projections, inline, processes, relays }: WorkerModule): boolean {
  return consumers.length + projections.length + inline.length + processes.length + relays.length === 0;
}

/**
 * The definitions among values. Other values are left out.
 *
 * @throws {@link InvalidArgumentError} — one is of another copy of the library.
 */
export function sortDefinitions(values: readonly unknown[], where: string): WorkerModule {
  if (values.some(isForeign)) {
    throw new InvalidArgumentError(
      where,
      "exports a consumer, a projection, a process or a relay of another copy of tidemark. Run the command of the package that the file imports, from its folder: npx tidemark …",
    );
  }
  const consumers = values.filter((value) => value instanceof DefinedConsumer);
  const projections = checkProjections(
    values.filter((value) => value instanceof DefinedProjection),
    where,
  );
  const processes = values.filter((value) => value instanceof DefinedProcess);
  const relays = values.filter((value) => value instanceof DefinedRelay);
  const inMode = (mode: Projection["mode"]): readonly Projection[] => projections.filter((projection) => projection.mode === mode);
  return { consumers, projections: inMode("async"), inline: inMode("inline"), processes, relays };
}

/** What `--projections` names: the inline projections of a module. */
export async function loadInline(file: string): Promise<readonly Projection[]> {
  const { inline } = await loadModule(file, "--projections");
  if (inline.length > 0) return inline;
  throw new InvalidArgumentError("--projections", "exports no inline projection: appends write only those. Leave it out.");
}

/** One of them by its looks, but not one that this copy of the library made. */
export function isForeign(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof DefinedConsumer || value instanceof DefinedProjection || value instanceof DefinedProcess || value instanceof DefinedRelay) return false;
  return /^Defined(Consumer|(Document)?Projection|Process|Relay)$/.test(className(value) ?? "") && typeof Reflect.get(value, "name") === "string";
}
