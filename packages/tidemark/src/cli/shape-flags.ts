import { type Command, Option } from "commander";
import type { StoreOptions } from "../arguments/store-options.ts";
import type { DefinedEvents } from "../catalogue/defined-events.ts";
import { inStoredForm } from "../catalogue/in-stored-form.ts";
import type { UnknownEvents } from "../catalogue/unknown-events.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { loadCatalogue } from "./catalogue-module.ts";
import type { Settings } from "./config/settings.ts";

/** In which shape a command gives events. */
export interface ShapeFlags {
  readonly catalogue?: string;
  readonly raw?: boolean;
  readonly unknownEvents?: UnknownEvents;
  readonly settings?: Settings;
}

export function addShapeFlags(command: Command): Command {
  return command
    .option(
      "--catalogue <file>",
      "a module that exports a catalogue: give events in the shapes of today's code; default: the configuration's, else as they are stored",
    )
    .addOption(
      new Option("--unknown-events <what>", "what becomes of events that the catalogue does not know: error (the default), skip or pass").choices([
        "error",
        "skip",
        "pass",
      ]),
    )
    .option("--raw", "give events as they are stored, also with --catalogue");
}

/** The catalogue to read with: of the flags, else of the configuration. Undefined: events are given as they are stored. */
export async function catalogueOf({ catalogue, raw, unknownEvents, settings }: ShapeFlags): Promise<DefinedEvents | undefined> {
  const configured = settings?.config?.events;
  if (catalogue === undefined && configured === undefined && unknownEvents !== undefined)
    throw new InvalidArgumentError("--unknown-events", "needs --catalogue, which says what is known");
  if (raw) return undefined;
  return catalogue === undefined ? configured : await loadCatalogue(catalogue);
}

/** The options of a store that reads with it. Data is plain JSON, as it would be stored today, because it becomes text. */
export async function shapeOptions(flags: ShapeFlags): Promise<Pick<StoreOptions, "events" | "unknownEvents">> {
  const catalogue = await catalogueOf(flags);
  return catalogue ? { events: inStoredForm(catalogue), unknownEvents: flags.unknownEvents ?? "error" } : {};
}
