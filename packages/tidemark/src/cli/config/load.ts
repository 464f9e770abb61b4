import { dirname, resolve } from "node:path";
import { arrayOf, type Check, checkFunction } from "../../arguments/checks.ts";
import { describeValue } from "../../arguments/describe-value.ts";
import { checkSchemaName } from "../../arguments/names.ts";
import { checkOptions, isRecord } from "../../arguments/options.ts";
import { checkStoreUrl } from "../../arguments/store-url.ts";
import type { DefinedEvents } from "../../catalogue/defined-events.ts";
import { DefinedConsumer } from "../../consumers/define-consumer.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { RecordedEvent } from "../../model/event.ts";
import { DefinedProcess } from "../../processes/defined-process.ts";
import { DefinedProjection } from "../../projections/defined-projection.ts";
import { DefinedRelay } from "../../relays/defined-relay.ts";
import { isCatalogue, isForeignCatalogue } from "../catalogue-module.ts";
import { loadExports, toldExports } from "../module.ts";
import { isForeign, sortDefinitions, type WorkerModule } from "../worker-module.ts";

/** What folds the streams of a category. */
export interface ConfiguredDecider {
  readonly initialState: () => unknown;
  readonly evolve: (state: never, event: never) => unknown;
}

/** The paths of what nobody may see. */
type Masked = readonly string[];

/** What a store is shown by, in the browser and to models. */
export interface Showing {
  readonly deciders: Readonly<Record<string, ConfiguredDecider>>;
  /** What to mask in an event. */
  readonly mask?: (event: RecordedEvent) => Masked;
  /** What to mask in what was made of events. */
  readonly maskDerived?: (derived: { readonly kind: string; readonly name: string; readonly id: string; readonly value: unknown }) => Masked;
}

/** What a configuration says, checked. */
export interface LoadedConfig {
  readonly file: string;
  readonly url: string | undefined;
  readonly schema: string | undefined;
  readonly events: DefinedEvents | undefined;
  readonly definitions: WorkerModule;
  readonly showing: Showing;
}

/** What one of the library's functions has made; one of another copy is told of later. */
function madeBy(made: abstract new (...args: never[]) => unknown, by: string): Check<unknown> {
  return (value, path) => {
    if (value instanceof made || isForeign(value)) return value;
    throw new InvalidArgumentError(path, `must be what ${by} returns, not ${describeValue(value)}`);
  };
}

const shape = {
  url: checkUrl,
  schema: checkSchemaName,
  events: checkEvents,
  deciders: checkDeciders,
  mask: checkFunction<NonNullable<Showing["mask"]>>,
  maskDerived: checkFunction<NonNullable<Showing["maskDerived"]>>,
  projections: arrayOf(madeBy(DefinedProjection, "defineProjection or documentProjection")),
  consumers: arrayOf(madeBy(DefinedConsumer, "defineConsumer")),
  processes: arrayOf(madeBy(DefinedProcess, "defineProcess")),
  relays: arrayOf(madeBy(DefinedRelay, "defineRelay")),
} as const;

/**
 * Loads `tidemark.config.ts`.
 *
 * @throws {@link InvalidArgumentError} — it cannot be loaded, exports no configuration, or one with a mistake.
 */
export async function loadConfig(file: string): Promise<LoadedConfig> {
  const exported = await loadExports(file, file);
  const [, config] = exported.find(([name]) => name === "default") ?? [];
  if (config === undefined)
    throw new InvalidArgumentError(
      file,
      `exports no configuration by default: it exports ${toldExports(exported)}. Write: export default defineConfig({ url, schema, events, projections, deciders, consumers, processes, relays })`,
    );
  try {
    const { url, schema, events, deciders = {}, mask, maskDerived, ...defined } = checkOptions(config, shape, "config");
    const { projections = [], consumers = [], processes = [], relays = [] } = defined;
    return {
      file,
      url: url === undefined ? undefined : fromFolder(url, dirname(file)),
      schema,
      events,
      showing: { deciders, ...(mask && { mask }), ...(maskDerived && { maskDerived }) },
      definitions: sortDefinitions([...new Set([...projections, ...consumers, ...processes, ...relays])], "config"),
    };
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new InvalidArgumentError(file, `has a mistake: ${error.message}`, { cause: error });
    throw error;
  }
}

/** A relative folder means the same wherever the command is run. */
export function fromFolder(url: string, folder: string): string {
  const target = checkStoreUrl(url);
  return target.kind === "folder" ? `file:${resolve(folder, target.folder)}` : url;
}

function checkUrl(value: unknown, path: string): string {
  if (typeof value !== "string") throw new InvalidArgumentError(path, `must be a string, "postgres://…" or "file:./folder", not ${describeValue(value)}`);
  try {
    checkStoreUrl(value);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new InvalidArgumentError(path, error.message.slice(error.path.length + 1), { cause: error });
    throw error;
  }
  return value;
}

function checkDeciders(value: unknown, path: string): Readonly<Record<string, ConfiguredDecider>> {
  if (!isRecord(value)) throw new InvalidArgumentError(path, `must be an object of deciders by the category of their streams, not ${describeValue(value)}`);
  return Object.fromEntries(
    Object.entries(value).map(([category, decider]): [string, ConfiguredDecider] => {
      if (!isRecord(decider)) throw new InvalidArgumentError(`${path}.${category}`, `must be a decider, not ${describeValue(decider)}`);
      return [
        category,
        {
          initialState: checkFunction<() => unknown>(decider["initialState"], `${path}.${category}.initialState`),
          evolve: checkFunction<(state: never, event: never) => unknown>(decider["evolve"], `${path}.${category}.evolve`),
        },
      ];
    }),
  );
}

function checkEvents(value: unknown, path: string): DefinedEvents {
  if (isCatalogue(value)) return value;
  if (isForeignCatalogue(value))
    throw new InvalidArgumentError(
      path,
      "is a catalogue of another copy of tidemark. Run the command of the package that the file imports, from its folder: npx tidemark …",
    );
  throw new InvalidArgumentError(path, `must be a catalogue made by defineEvents, not ${describeValue(value)}`);
}
