import type { Command } from "commander";
import { escapeUnsafe } from "../../arguments/describe-value.ts";
import type { EventShape } from "../../catalogue/event-shape.ts";
import { describeData } from "../../catalogue/json-schema.ts";
import type { JsonSchemaForm } from "../../catalogue/valibot-schema.ts";
import { neededCatalogue } from "../config/definitions.ts";
import { addConfigFlag, type Settings } from "../config/settings.ts";
import type { Terminal } from "../terminal.ts";

const examples = `
Examples:
  tidemark events schema --catalogue ./events.ts
  tidemark events schema --catalogue ./events.ts --stored
  tidemark events schema --catalogue ./events.ts | jq -c 'select(.missing)'`;

/** `tidemark events schema` */
export function addEventsSchema(events: Command, terminal: Terminal): void {
  addConfigFlag(events.command("schema"))
    .description("Print the JSON Schema of each type of a catalogue at its newest version, one JSON document a line. Needs no database.")
    .option("--catalogue <file>", "the module that exports the catalogue; default: the configuration's")
    .option("--stored", "describe what is stored, which differs from what is read at the paths of `stored`")
    .option("--json", "print errors as JSON, too: the schemas always are")
    .addHelpText("after", examples)
    .action(async (flags: { readonly catalogue?: string; readonly settings?: Settings; readonly stored?: boolean }) => {
      const { shapes } = await neededCatalogue(flags);
      await terminal.printLines(documents([...shapes.values()], flags.stored ? "stored" : "read"));
    });
}

async function* documents(shapes: readonly EventShape[], form: JsonSchemaForm): AsyncGenerator<string, void, undefined> {
  for (const shape of shapes) {
    const { type, version, description } = shape;
    yield escapeUnsafe(
      JSON.stringify({ type, schemaVersion: version, ...(description !== undefined && { description }), ...(await describeData(shape, form)) }),
    );
  }
}
