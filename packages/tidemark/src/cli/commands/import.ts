import { type Command, Option } from "commander";
import { checkTenant } from "../../arguments/names.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { Database } from "../../database/database.ts";
import { ProjectionGate } from "../../projections/projection-gate.ts";
import { checkServer } from "../../schema/check-server.ts";
import { openSchema } from "../../schema/open-schema.ts";
import { openBadLinesFile } from "../../transfer/bad-lines-file.ts";
import { type CsvOptions, readCsv } from "../../transfer/csv.ts";
import { type ImportReport, importEvents } from "../../transfer/import-events.ts";
import { type ReadLine, readNdjson } from "../../transfer/ndjson.ts";
import { openSource } from "../../transfer/source.ts";
import { addConnectionFlags, type ConnectionFlags, loggerOf, mayCreate, withDatabase } from "../connection.ts";
import { collect, given } from "../flags.ts";
import { count, counted, Progress } from "../progress.ts";
import { keepHeapSmall } from "../small-heap.ts";
import type { Terminal } from "../terminal.ts";

interface ImportFlags extends ConnectionFlags, CsvOptions {
  readonly format?: "ndjson" | "csv";
  readonly utc?: boolean;
  readonly tenant?: string;
  readonly keepPositions?: boolean;
  readonly onBadLine?: "stop" | "skip";
  readonly badLines?: string;
}

/** The command knows no projections: those that appends have to write are left behind, for the application to follow. */
function gateOf(database: Database, schema: string, terminal: Terminal): ProjectionGate {
  const createTransaction = (): never => {
    throw new TypeError("no projection is known here");
  };
  return new ProjectionGate({ database, schema, projections: [], unknownProjections: "warn", logger: loggerOf(terminal), createTransaction });
}

const examples = `
Examples:
  tidemark import events.ndjson.gz
  tidemark import commits.csv --stream "file-{path}" --type "{change}" --time committed_at
  tidemark import orders.csv --stream "order-{number}" --type Placed --number total --bad-lines bad.ndjson
  gzip -dc backup.gz | tidemark import - --keep-positions --url postgres://app@localhost/restored`;

/** `tidemark import` */
export function addImport(program: Command, terminal: Terminal): void {
  addConnectionFlags(program.command("import"))
    .description("Write the events of a file, one JSON document a line or CSV. Run it again after it was cut short: it continues.")
    .argument("<file>", "the file, also packed with gzip; - is stdin")
    .addOption(new Option("--format <format>", "default: by the file's name, else ndjson").choices(["ndjson", "csv"]))
    .option("--stream <template>", 'of CSV: the stream of a record, with columns in braces: "file-{path}"')
    .option("--type <template>", 'of CSV: its event type, such as "{change}" or OrderPlaced')
    .option("--time <column>", "of CSV: when it was recorded, a column or a template; default: now")
    .option("--id <column>", "of CSV: a UUID or a text that names the event, a column or a template; default: made of the record")
    .option("--tag <template>", "of CSV: a tag; can be repeated", collect)
    .option("--metadata <column>", "of CSV: put this column into metadata; can be repeated", collect)
    .option("--number <column>", "of CSV: this column holds numbers; can be repeated", collect)
    .option("--data <column>", "of CSV: put this column into data although an option above names it; can be repeated", collect)
    .option("--omit-empty", "of CSV: leave empty fields out of data and metadata")
    .option("--delimiter <character>", "of CSV: between fields; default: a comma")
    .option("--utc", "times without a zone are UTC")
    .option("--tenant <tenant>", "write to this tenant, whatever the lines say")
    .option("--keep-positions", "keep the positions of the file; into an empty store that nobody else writes to")
    .addOption(new Option("--on-bad-line <what>", "stop (the default) or skip").choices(["stop", "skip"]))
    .option("--bad-lines <file>", "skip bad lines and set them aside in this file, with number and reason")
    .addHelpText("after", examples)
    .action((file: string, flags: ImportFlags) => importFile(file, flags, terminal));
}

async function importFile(file: string, flags: ImportFlags, terminal: Terminal): Promise<void> {
  const tenant = flags.tenant === undefined ? undefined : checkTenant(flags.tenant, "--tenant");
  if (flags.badLines !== undefined && flags.onBadLine === "stop")
    throw new InvalidArgumentError("--bad-lines", "writes bad lines to a file and continues. Leave --on-bad-line stop out.");
  using source = await openSource(file, terminal.stdin);
  const lines = linesOf(source.chunks, file, flags);
  const aborted = new AbortController();
  const stop = (): void => {
    aborted.abort();
    source[Symbol.dispose]();
  };
  // The group under way is brought to its end; a second Ctrl-C ends the process.
  process.once("SIGINT", stop);
  const progress = new Progress(terminal, "event");
  keepHeapSmall();
  try {
    await using badLines = flags.badLines === undefined ? undefined : await openBadLinesFile(flags.badLines);
    const report = await withDatabase(flags, terminal, mayCreate, async (database, schema) => {
      // Tells at once that the server cannot be reached, or cannot hold a store.
      await checkServer(database, schema, { withApplied: false });
      return importEvents(database, schema, lines, {
        tenant,
        utc: flags.utc ?? false,
        keepPositions: flags.keepPositions ?? false,
        onBadLine: flags.badLines === undefined ? (flags.onBadLine ?? "stop") : "skip",
        async badLine(bad) {
          if (badLines) return badLines.write(bad);
          progress.end();
          if (flags.onBadLine === "skip") terminal.say(`  line ${bad.line} is left out: ${bad.reason}`);
        },
        progress({ written, repeated, bad }) {
          progress.update(written + repeated + bad, source.bytes === undefined ? undefined : source.bytesRead() / source.bytes);
        },
        signal: aborted.signal,
        gate: gateOf(database, schema, terminal),
        async prepare() {
          await openSchema(database, schema, { migrate: "auto", logger: loggerOf(terminal) });
        },
      });
    });
    progress.end();
    tell(report, flags, progress, terminal);
  } finally {
    progress.end();
    process.off("SIGINT", stop);
  }
}

function linesOf(chunks: AsyncIterable<Buffer>, file: string, { format, ...flags }: ImportFlags): AsyncIterable<readonly ReadLine[]> {
  const { stream, type, time, id, tag, metadata, number, data, omitEmpty, delimiter } = flags;
  const ofCsv = given({ stream, type, time, id, tag, metadata, number, data, omitEmpty, delimiter });
  if ((format ?? (/\.csv(\.gz)?$/i.test(file) ? "csv" : "ndjson")) === "csv") {
    if (delimiter !== undefined && (delimiter.length !== 1 || /["\r\n]/.test(delimiter)))
      throw new InvalidArgumentError("--delimiter", "must be one character, no quote and no line end");
    return readCsv(chunks, ofCsv);
  }
  const [wrong] = Object.keys(ofCsv);
  if (wrong !== undefined)
    throw new InvalidArgumentError(`--${wrong === "omitEmpty" ? "omit-empty" : wrong}`, "is for CSV. Pass --format csv, or leave it out.");
  return readNdjson(chunks);
}

function tell(report: ImportReport, flags: ImportFlags, progress: Progress, terminal: Terminal): void {
  const { written, repeated, bad, renumbered, repositioned, lastPosition } = report;
  if (flags.json) {
    return terminal.printJson({ written, repeated, bad, renumbered, lastPosition: lastPosition ?? null, positions: flags.keepPositions ? "kept" : "new" });
  }
  terminal.print(`${counted(written, "event")} written in ${progress.summary(written)}.`);
  if (repeated > 0) terminal.print(`${count(repeated)} ${repeated === 1 ? "was" : "were"} there already.`);
  if (bad > 0)
    terminal.print(`${counted(bad, "bad line")} ${bad === 1 ? "was" : "were"} left out${flags.badLines === undefined ? "" : `; see ${flags.badLines}`}.`);
  if (renumbered > 0)
    terminal.print(
      `${count(renumbered)} ${renumbered === 1 ? "has" : "have"} another version than in the file, which does not hold its streams from the beginning, or not into an empty store.`,
    );
  if (written === 0) return;
  if (flags.keepPositions) terminal.print(`Positions are those of the file; the last is ${lastPosition}.`);
  else terminal.print(`The last event is at position ${lastPosition}.`);
  if (repositioned)
    terminal.print(
      "The events have other positions than in the file, so checkpoints of the store that it came from do not apply here. To keep positions, import into an empty store with --keep-positions.",
    );
}
