import type { Command } from "commander";
import { escapeUnsafe } from "../../arguments/describe-value.ts";
import { describeData } from "../../catalogue/json-schema.ts";
import { loadCatalogue } from "../catalogue-module.ts";
import type { Terminal } from "../terminal.ts";

const examples = `
Examples:
  tidemark events schema --catalogue ./events.ts
  tidemark events schema --catalogue ./events.ts | jq -c 'select(.missing)'`;

/** `tidemark events schema` */
export function addEventsSchema(events: Command, terminal: Terminal): void {
  events
    .command("schema")
    .description("Print the JSON Schema of each type of a catalogue at its newest version, one JSON document a line. Needs no database.")
    .requiredOption("--catalogue <file>", "the module that exports the catalogue")
    .addHelpText("after", examples)
    .action(async (flags: { readonly catalogue: string }) => {
      const { shapes } = await loadCatalogue(flags.catalogue);
      await terminal.printLines(documents([...shapes.values()]));
    });

  async function* documents(shapes: readonly Parameters<typeof describeData>[0][]): AsyncGenerator<string, void, undefined> {
    for (const shape of shapes) {
      const { type, version, description } = shape;
      yield escapeUnsafe(JSON.stringify({ type, schemaVersion: version, ...(description !== undefined && { description }), ...describeData(shape) }));
    }
  }
}
