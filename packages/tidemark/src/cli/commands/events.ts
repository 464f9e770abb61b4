import type { Command } from "commander";
import type { Terminal } from "../terminal.ts";
import { addEventsAsyncApi } from "./events-asyncapi.ts";
import { addEventsCheck } from "./events-check.ts";
import { addEventsDiff } from "./events-diff.ts";
import { addEventsGolden } from "./events-golden.ts";
import { addEventsList } from "./events-list.ts";
import { addEventsSchema } from "./events-schema.ts";

/** `tidemark events …`: each subcommand in a file of its own. */
export function addEvents(program: Command, terminal: Terminal): void {
  const command = program
    .command("events")
    .description("Look at the types of events: those that are stored, and those of a catalogue.")
    .helpCommand(false)
    .addHelpText("after", "\nExamples:\n  tidemark events list\n  tidemark events check --help");
  addEventsList(command, terminal);
  addEventsCheck(command, terminal);
  addEventsGolden(command, terminal);
  addEventsDiff(command, terminal);
  addEventsSchema(command, terminal);
  addEventsAsyncApi(command, terminal);
}
