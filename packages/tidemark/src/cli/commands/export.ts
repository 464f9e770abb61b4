import { type Command, Option } from "commander";
import { escapeUnsafe } from "../../arguments/describe-value.ts";
import { checkTenant } from "../../arguments/names.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { Database } from "../../database/database.ts";
import { checkFilter } from "../../read/filter.ts";
import { openSchema } from "../../schema/open-schema.ts";
import { type Destination, toFile, toStream } from "../../transfer/destination.ts";
import { checkSource, cloudEventsWriter } from "../../transfer/cloudevents-writer.ts";
import { csvWriter, ndjsonWriter } from "../../transfer/envelope-writers.ts";
import type { EventWriter } from "../../transfer/event-writer.ts";
import { exportEvents, type ExportReport } from "../../transfer/export-events.ts";
import { currentShapes, storedShapes } from "../../transfer/export-shapes.ts";
import { addConnectionFlags, type ConnectionFlags, loggerOf, mayCreate, withDatabase } from "../connection.ts";
import { queryOf, type FilterFlags, refuseTenantWithAll } from "../filter-flags.ts";
import { collect, given, wholeNumber } from "../flags.ts";
import { counted, Progress } from "../progress.ts";
import { addShapeFlags, catalogueOf, type ShapeFlags } from "../shape-flags.ts";
import { keepHeapSmall } from "../small-heap.ts";
import { inFlags } from "../refusal.ts";
import type { Terminal } from "../terminal.ts";

type ExportFormat = "ndjson" | "csv" | "cloudevents";

interface ExportFlags extends ConnectionFlags, ShapeFlags, Omit<FilterFlags, "data"> {
  readonly format?: ExportFormat;
  readonly source?: string;
  readonly batch?: boolean;
  readonly after?: number;
  readonly until?: number;
  readonly tenant?: string;
  readonly allTenants?: boolean;
  readonly force?: boolean;
}

const examples = `
Examples:
  tidemark export events.ndjson.gz
  tidemark export orders.csv --category order --type OrderPlaced
  tidemark export orders.json --format cloudevents --batch --source https://shop.example/orders
  tidemark export --after 1200000 | jq -r .streamId | sort -u`;

/** `tidemark export` */
export function addExport(program: Command, terminal: Terminal): void {
  addShapeFlags(
    addConnectionFlags(program.command("export"))
      .description("Write the log up to the high-water mark as one JSON document a line, as CSV or as CloudEvents. tidemark import reads them all.")
      .argument("[file]", "the file, packed with gzip where its name ends in .gz; - or none is stdout", "-")
      .addOption(new Option("--format <format>", "default: by the file's name, else ndjson").choices(["ndjson", "csv", "cloudevents"]))
      .option("--source <uri>", "of CloudEvents: where the events come from; default: tidemark")
      .option("--batch", "of CloudEvents: one JSON array in place of a line for each event")
      .option("--type <type>", "only this type, or any of several", collect)
      .option("--category <category>", "only streams of this category, or any of several", collect)
      .option("--stream <stream>", "only this stream, or any of several", collect)
      .option("--tag <tag>", "only events with this tag, and all of several", collect)
      .option("--after <position>", "only above this position", wholeNumber)
      .option("--until <position>", "only at or below this position", wholeNumber)
      .option("--tenant <tenant>", "only this tenant's events; default: the store itself")
      .option("--all-tenants", "the events of every tenant")
      .option("--force", "replace the file if it exists"),
  )
    .addHelpText("after", examples)
    .action((file: string, flags: ExportFlags) => exportFile(file, flags, terminal));
}

async function exportFile(file: string, flags: ExportFlags, terminal: Terminal): Promise<void> {
  refuseTenantWithAll(flags);
  if (file === "-" && flags.json) throw new InvalidArgumentError("--json", "prints a report on stdout, where the events go. Name a file for the events.");
  const tenant = checkTenant(flags.tenant ?? "", "--tenant");
  const filter = filterOf(flags);
  // Not that of the configuration: nobody would notice that an export is no backup any more.
  const { settings: _settings, ...shape } = flags;
  const catalogue = await catalogueOf(shape);
  const writer = writerOf(file, flags, catalogue !== undefined);
  let skipped = 0;
  const progress = new Progress(terminal, "event");
  keepHeapSmall();
  const report = await withDatabase(flags, terminal, !mayCreate, async (database: Database, schema: string) => {
    await openSchema(database, schema, { migrate: "verify", logger: loggerOf(terminal) });
    const destination = file === "-" ? toStream((text) => terminal.printText(shown(text, terminal))) : toFile(file, flags.force ?? false);
    const texts = exportEvents(database, schema, {
      tenant: flags.allTenants ? undefined : tenant,
      shapes: catalogue ? currentShapes(filter, { catalogue, unknownEvents: flags.unknownEvents ?? "error", skipped: () => skipped++ }) : storedShapes(filter),
      writer,
      after: flags.after ?? 0,
      until: flags.until ?? Number.MAX_SAFE_INTEGER,
      progress: ({ events, fraction }) => progress.update(events, fraction),
    });
    return drain(texts, destination);
  });
  progress.end();
  if (flags.json) return terminal.printJson({ events: report.events, position: report.position, ...(catalogue && { skipped }) });
  const told = `${counted(report.events, "event")} up to position ${report.position} exported in ${progress.summary(report.events)}.`;
  if (skipped > 0) terminal.say(`${counted(skipped, "event")} of types that the catalogue does not know ${skipped === 1 ? "was" : "were"} left out.`);
  if (file === "-") terminal.say(told);
  else terminal.print(told);
}

function writerOf(file: string, { format, source, batch }: ExportFlags, withParts: boolean): EventWriter {
  const chosen = format ?? (/\.csv(\.gz)?$/i.test(file) ? "csv" : "ndjson");
  if (chosen === "cloudevents") return cloudEventsWriter({ source: checkSource(source ?? "tidemark", "--source"), batch: batch ?? false });
  const [wrong] = Object.keys(given({ source, batch }));
  if (wrong !== undefined) throw new InvalidArgumentError(`--${wrong}`, "is for CloudEvents. Pass --format cloudevents, or leave it out.");
  return chosen === "csv" ? csvWriter(withParts) : ndjsonWriter;
}

async function drain(texts: AsyncGenerator<string, ExportReport, undefined>, destination: Destination): Promise<ExportReport> {
  for (;;) {
    const { value, done } = await texts.next();
    if (done) {
      await destination.finish();
      return value;
    }
    await destination.write(value);
  }
}

/** On a terminal, what that would act on; in a file or a pipe every byte of the data counts. */
function shown(text: string, terminal: Terminal): string {
  return terminal.width === undefined ? text : text.split("\n").map(escapeUnsafe).join("\n");
}

function filterOf(flags: ExportFlags): ReturnType<typeof checkFilter> | undefined {
  const filter = queryOf(flags);
  if (!filter) return undefined;
  try {
    return checkFilter(filter, "options.filter");
  } catch (error) {
    throw inFlags(error);
  }
}
