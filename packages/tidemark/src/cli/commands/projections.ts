import type { Command } from "commander";
import { escapeUnsafe } from "../../arguments/describe-value.ts";
import type { EventStore } from "../../store/event-store.ts";
import type { ProjectionInfo } from "../../projections/projection-info.ts";
import type { ProjectionVersion } from "../../projections/administration.ts";
import { lineUp } from "../columns.ts";
import { wholeNumber } from "../flags.ts";
import { projectionRows, projectionTable } from "../projection-lines.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";
import { addVersions } from "./projection-versions.ts";

interface OneFlags extends StoreFlags {
  readonly projectionVersion?: number;
}

const aboutOne = "the projection as show does, one JSON document,";

/** `tidemark projections list|show|pause|resume|deactivate`, and what changes versions */
export function addProjections(program: Command, terminal: Terminal): void {
  const command = program
    .command("projections")
    .description("Look at projections: how far they are, and what they stopped at; pause, resume or deactivate one; build, check, swap and drop versions.")
    .helpCommand(false)
    .addHelpText("after", "\nExamples:\n  tidemark projections list\n  tidemark projections show --help");

  addStoreFlags(command.command("list"), "one JSON document a line")
    .description("List the projections by name and version, each with its mode, state, how far it is behind, and its last error.")
    .addHelpText("after", "\nExamples:\n  tidemark projections list\n  tidemark projections list --json | jq -r 'select(.state == \"failed\") | .name'")
    .action((flags: StoreFlags) => list(flags, terminal));

  addOne(command, "show")
    .description("Show one projection.")
    .addHelpText("after", "\nExample:\n  tidemark projections show cart-summary")
    .action((name: string, flags: OneFlags) => describeValue(name, flags, terminal));

  addOne(command, "pause", aboutOne)
    .description("Stop writing it until it is resumed: appends and workers leave it as it is.")
    .addHelpText("after", "\nExample:\n  tidemark projections pause cart-summary")
    .action((name: string, flags: OneFlags) =>
      change(name, flags, terminal, "is paused: nothing writes it.", (store, of) => store.projections.pause(name, of)),
    );

  addOne(command, "resume", aboutOne)
    .description("End a pause or a deactivation. One that stopped at an event begins with it again.")
    .addHelpText("after", "\nExample:\n  tidemark projections resume cart-summary")
    .action((name: string, flags: OneFlags) => change(name, flags, terminal, "is resumed.", (store, of) => store.projections.resume(name, of)));

  addOne(command, "deactivate", aboutOne)
    .description("Stop writing it for good. Its documents stay; applications without it are no longer warned.")
    .addHelpText("after", "\nExample:\n  tidemark projections deactivate cart-summary --projection-version 1")
    .action((name: string, flags: OneFlags) =>
      change(name, flags, terminal, "is inactive: nothing writes it.", (store, of) => store.projections.deactivate(name, of)),
    );

  addVersions(command, terminal);
}

function addOne(command: Command, name: string, json?: string): Command {
  return addStoreFlags(command.command(name), json)
    .argument("<projection>", "the projection's name")
    .option("--projection-version <number>", "its version; default: the newest", wholeNumber);
}

async function list(flags: StoreFlags, terminal: Terminal): Promise<void> {
  const projections = await withStore(flags, terminal, (store) => store.projections.list());
  if (flags.json) await terminal.printLines(documents(projections));
  else if (projections.length === 0) terminal.say("There are no projections. One is known once a store was opened with it.");
  else await terminal.printLines(lineUp(projectionRows(projections), terminal.width));
}

async function describeValue(name: string, flags: OneFlags, terminal: Terminal): Promise<void> {
  const projection = await withStore(flags, terminal, (store) => store.projections.get(name, versionOf(flags)));
  if (flags.json) terminal.printJson(projection);
  else terminal.table(projectionTable(projection));
}

async function change(
  name: string,
  flags: OneFlags,
  terminal: Terminal,
  done: string,
  work: (store: EventStore, of: ProjectionVersion) => Promise<void>,
): Promise<void> {
  await withStore(flags, terminal, async (store) => {
    await work(store, versionOf(flags));
    if (flags.json) terminal.printJson(await store.projections.get(name, versionOf(flags)));
    else terminal.print(`${name} ${done}`);
  });
}

function versionOf({ projectionVersion }: OneFlags): ProjectionVersion {
  return projectionVersion === undefined ? {} : { version: projectionVersion };
}

async function* documents(projections: readonly ProjectionInfo[]): AsyncGenerator<string, void, undefined> {
  for (const projection of projections) yield escapeUnsafe(JSON.stringify(projection));
}
