import type { Projection } from "../../arguments/projection.ts";
import type { StoreOptions } from "../../arguments/store-options.ts";
import type { DefinedEvents } from "../../catalogue/defined-events.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { loadCatalogue } from "../catalogue-module.ts";
import { isEmpty, loadInline, loadModule, type WorkerModule } from "../worker-module.ts";
import type { Showing } from "./load.ts";
import type { Settings } from "./settings.ts";

interface Configured {
  readonly settings?: Settings;
}

/**
 * What a worker runs: of the module, else of the configuration.
 *
 * @param where - The argument or option that names the file, for messages.
 */
export async function workerModule(file: string | undefined, { settings }: Configured, where = "<file>"): Promise<WorkerModule> {
  if (file !== undefined) return await loadModule(file, where);
  const { config } = settings ?? {};
  if (config && !isEmpty(config.definitions)) return config.definitions;
  throw new InvalidArgumentError(where, `is missing, and ${whereNot(settings)} names no consumers, projections, processes or relays`);
}

/** The projections of a module, else of the configuration. Undefined: there is neither. */
export async function projectionsModule({ projections, settings }: Configured & { readonly projections?: string }): Promise<WorkerModule | undefined> {
  return projections === undefined ? settings?.config?.definitions : await loadModule(projections, "--projections");
}

/** Refuses a command that can do nothing without the definition of a projection. */
export function needProjections({ projections, settings }: Configured & { readonly projections?: string }): void {
  const { inline = [], projections: async = [] } = settings?.config?.definitions ?? {};
  if (projections === undefined && inline.length + async.length === 0)
    throw new InvalidArgumentError("--projections", `is missing, and ${whereNot(settings)} names no projections`);
}

/** The inline ones that an append has to write. */
export async function inlineProjections({ projections, settings }: Configured & { readonly projections?: string }): Promise<readonly Projection[]> {
  return projections === undefined ? (settings?.config?.definitions.inline ?? []) : await loadInline(projections);
}

/** The catalogue that a store is opened with which runs or writes what the application defines. */
export function configuredEvents({ settings }: Configured): Pick<StoreOptions, "events"> {
  const events = settings?.config?.events;
  return events ? { events } : {};
}

/** What the store is shown by: the deciders and masks of the configuration. */
export function configuredShowing({ settings }: Configured): Showing {
  return settings?.config?.showing ?? { deciders: {} };
}

/** The catalogue that a command is about: of a module, else of the configuration. */
export async function neededCatalogue({ catalogue, settings }: Configured & { readonly catalogue?: string }): Promise<DefinedEvents> {
  if (catalogue !== undefined) return await loadCatalogue(catalogue);
  const events = settings?.config?.events;
  if (events) return events;
  throw new InvalidArgumentError("--catalogue", `is missing, and ${whereNot(settings)} names no events`);
}

function whereNot(settings: Settings | undefined): string {
  return settings?.config?.file ?? "tidemark.config.ts, which was not found,";
}
