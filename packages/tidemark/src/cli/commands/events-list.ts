import type { Command } from "commander";
import { escapeUnsafe } from "../../arguments/describe-value.ts";
import { checkTenant } from "../../arguments/names.ts";
import type { DefinedEvents } from "../../catalogue/defined-events.ts";
import { MarkReader } from "../../feed/mark.ts";
import { openSchema } from "../../schema/open-schema.ts";
import { type StoredType, storedTypes } from "../../transfer/stored-types.ts";
import { loadCatalogue } from "../catalogue-module.ts";
import { lineUp, type Row } from "../columns.ts";
import { addConnectionFlags, type ConnectionFlags, loggerOf, mayCreate, withDatabase } from "../connection.ts";
import type { Terminal } from "../terminal.ts";

interface ListFlags extends ConnectionFlags {
  readonly catalogue?: string;
  readonly tenant?: string;
}

/** What a catalogue says of a stored type. `newer`: it knows the type, but no version as new as this. */
type Standing = "newest" | "older" | "newer" | "retired" | "unknown";

const examples = `
Examples:
  tidemark events list
  tidemark events list --catalogue ./events.ts
  tidemark events list --catalogue ./events.ts --json | jq -r 'select(.catalogue == "unknown") | .type'`;

/** `tidemark events list` */
export function addEventsList(events: Command, terminal: Terminal): void {
  addConnectionFlags(events.command("list"), "one JSON document a line,")
    .description("List every type and version of the stored events: how many, and since when. Reads the whole log, on the server.")
    .option("--catalogue <file>", "a module that exports a catalogue: say of each version whether that knows it; default: the configuration's")
    .option("--tenant <tenant>", "only this tenant's events; default: those of all")
    .addHelpText("after", examples)
    .action((flags: ListFlags) => list(flags, terminal));
}

async function list(flags: ListFlags, terminal: Terminal): Promise<void> {
  const catalogue = flags.catalogue === undefined ? flags.settings?.config?.events : await loadCatalogue(flags.catalogue);
  const tenant = flags.tenant === undefined ? undefined : checkTenant(flags.tenant, "--tenant");
  const types = await withDatabase(flags, terminal, !mayCreate, async (database, schema) => {
    await openSchema(database, schema, { migrate: "verify", logger: loggerOf(terminal) });
    const { position: until } = await new MarkReader(database, schema).read();
    return await storedTypes(database, schema, { until, tenant });
  });
  if (types.length === 0 && !flags.json) return terminal.say(`There are no events in schema ${JSON.stringify(flags.schema)}.`);
  await terminal.printLines(flags.json ? documents(types, catalogue) : lineUp(rows(types, catalogue), terminal.width));
}

async function* documents(types: readonly StoredType[], catalogue: DefinedEvents | undefined): AsyncGenerator<string, void, undefined> {
  for (const type of types) yield escapeUnsafe(JSON.stringify({ ...type, ...(catalogue && { catalogue: standingOf(type, catalogue) }) }));
}

/** Lines for people, below the names of the columns. */
async function* rows(types: readonly StoredType[], catalogue: DefinedEvents | undefined): AsyncGenerator<Row, void, undefined> {
  yield ["events", "version", "first seen", "last seen", ...(catalogue ? ["catalogue"] : []), "type"];
  for (const stored of types) {
    const { type, schemaVersion, count, firstAt, lastAt } = stored;
    yield [count, schemaVersion, firstAt.toISOString(), lastAt.toISOString(), ...(catalogue ? [standingOf(stored, catalogue)] : []), escapeUnsafe(type)];
  }
}

function standingOf({ type, schemaVersion }: StoredType, { shapes, retired }: DefinedEvents): Standing {
  const shape = shapes.get(type);
  if (!shape) return retired.has(type) ? "retired" : "unknown";
  if (schemaVersion === shape.version) return "newest";
  return schemaVersion < shape.version ? "older" : "newer";
}
