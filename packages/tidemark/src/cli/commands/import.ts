import { type Command, Option } from "commander";
import type { Projection } from "../../arguments/projection.ts";
import { checkTenant } from "../../arguments/names.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import type { Database } from "../../database/database.ts";
import type { Logger } from "../../model/logger.ts";
import { ProjectionGate } from "../../projections/projection-gate.ts";
import { readApplied } from "../../schema/applied.ts";
import { checkServer } from "../../schema/check-server.ts";
import { openSchema } from "../../schema/open-schema.ts";
import { openBadLinesFile } from "../../transfer/bad-lines-file.ts";
import { type CsvOptions, readCsv } from "../../transfer/csv.ts";
import { importCheck } from "../../transfer/import-check.ts";
import { ImportDryRun } from "../../transfer/import-dry-run.ts";
import { type ImportReport, importEvents } from "../../transfer/import-events.ts";
import { ImportedEvents } from "../../transfer/imported-events.ts";
import { readCloudEvents } from "../../transfer/cloudevents.ts";
import { type ReadLine, readNdjson } from "../../transfer/ndjson.ts";
import { openSource } from "../../transfer/source.ts";
import { loadCatalogue } from "../catalogue-module.ts";
import { addConnectionFlags, type ConnectionFlags, loggerOf, mayCreate, withDatabase } from "../connection.ts";
import { collect, given } from "../flags.ts";
import { count, counted, Progress } from "../progress.ts";
import { bringUpToDate } from "../bring-up-to-date.ts";
import { keepHeapSmall } from "../small-heap.ts";
import { withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";
import { loadInline } from "../worker-module.ts";

interface ImportFlags extends ConnectionFlags, CsvOptions {
  readonly format?: "ndjson" | "csv" | "cloudevents";
  readonly utc?: boolean;
  readonly tenant?: string;
  readonly keepPositions?: boolean;
  readonly onBadLine?: "stop" | "skip";
  readonly badLines?: string;
  readonly projections?: string;
  readonly catalogue?: string;
  readonly validate: boolean;
  readonly dryRun?: true;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * An import writes no projection: those that appends have to write are left behind, for `--projections` to bring up to date in the end,
 * or for the application. Only the latter is worth a warning.
 */
function gateOf(database: Database, schema: string, terminal: Terminal, { projections }: ImportFlags): ProjectionGate {
  const createTransaction = (): never => {
    throw new TypeError("no projection is known here");
  };
  return new ProjectionGate({
    database,
    schema,
    projections: [],
    unknownProjections: "warn",
    logger: projections === undefined ? loggerOf(terminal) : silent,
    createTransaction,
  });
}

const examples = `
Examples:
  tidemark import events.ndjson.gz
  tidemark import commits.csv --stream "file-{path}" --type "{change}" --time committed_at
  tidemark import orders.csv --stream "order-{number}" --type Placed --number total --bad-lines bad.ndjson
  tidemark import from-the-broker.json --format cloudevents
  gzip -dc backup.gz | tidemark import - --keep-positions --url postgres://app@localhost/restored`;

/** `tidemark import` */
export function addImport(program: Command, terminal: Terminal): void {
  addConnectionFlags(program.command("import"))
    .description("Write the events of a file: one JSON document a line, CSV or CloudEvents. Run it again after it was cut short: it continues.")
    .argument("<file>", "the file, also packed with gzip; - is stdin")
    .addOption(new Option("--format <format>", "default: by the file's name, else ndjson").choices(["ndjson", "csv", "cloudevents"]))
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
    .option("--projections <file>", "a module that exports the inline projections, to bring them up to date in the end; default: they are left behind")
    .option("--catalogue <file>", "a module that exports a catalogue: what it cannot read, in whatever version, is a bad line; default: nothing is checked")
    .option("--no-validate", "with --catalogue: do not check with the schemas")
    .option("--dry-run", "only read and check: write nothing, and say what would be written")
    .option("--bad-lines <file>", "skip bad lines and set them aside in this file, with number and reason")
    .addHelpText("after", examples)
    .action((file: string, flags: ImportFlags) => importFile(file, flags, terminal));
}

async function importFile(file: string, flags: ImportFlags, terminal: Terminal): Promise<void> {
  const tenant = flags.tenant === undefined ? undefined : checkTenant(flags.tenant, "--tenant");
  if (flags.badLines !== undefined && flags.onBadLine === "stop")
    throw new InvalidArgumentError("--bad-lines", "writes bad lines to a file and continues. Leave --on-bad-line stop out.");
  const projections = flags.projections === undefined ? [] : await loadInline(flags.projections);
  if (flags.catalogue === undefined && !flags.validate) throw new InvalidArgumentError("--no-validate", "needs --catalogue, whose schemas it leaves out");
  const check = flags.catalogue === undefined ? undefined : importCheck(await loadCatalogue(flags.catalogue), flags.validate);
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
    const report = await withDatabase(flags, terminal, flags.dryRun ? !mayCreate : mayCreate, async (database, schema) => {
      // Tells at once that the server cannot be reached, or cannot hold a store.
      await checkServer(database, schema, { withApplied: false });
      return importEvents(database, schema, lines, {
        tenant,
        utc: flags.utc ?? false,
        keepPositions: flags.keepPositions ?? false,
        check,
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
        gate: gateOf(database, schema, terminal, flags),
        dryRun: flags.dryRun && (await dryRunOf(database, schema, terminal, flags)),
        async prepare() {
          if (flags.dryRun) return;
          await openSchema(database, schema, { migrate: "auto", logger: loggerOf(terminal) });
        },
      });
    });
    progress.end();
    tell(report, flags, progress, terminal);
    if (projections.length > 0 && !flags.dryRun && report.written + report.repeated > 0) await follow(projections, flags, aborted.signal, terminal);
  } finally {
    progress.end();
    process.off("SIGINT", stop);
  }
}

/** Compares with what is in the store, if there is one. */
async function dryRunOf(database: Database, schema: string, terminal: Terminal, flags: ImportFlags): Promise<ImportDryRun> {
  const exists = (await readApplied(database, schema)).migrations.length > 0;
  if (exists) await openSchema(database, schema, { migrate: "verify", logger: loggerOf(terminal) });
  const stopAtBad = flags.badLines === undefined && flags.onBadLine !== "skip";
  return new ImportDryRun(exists ? new ImportedEvents(database, schema, stopAtBad) : undefined, flags.keepPositions ?? false);
}

async function follow(projections: readonly Projection[], flags: ImportFlags, signal: AbortSignal, terminal: Terminal): Promise<void> {
  const progress = new Progress(terminal, "event");
  const { tenant: _ofTheEvents, ...store } = flags;
  try {
    await withStore(
      store,
      terminal,
      async (open) => {
        const until = await open.highWaterMark();
        let most = 0;
        await bringUpToDate(open, projections, until, signal, (_name, left) => {
          most = Math.max(most, left);
          progress.update(most - left, most === 0 ? undefined : (most - left) / most);
        });
      },
      { projections },
    );
  } finally {
    progress.end();
  }
  if (!flags.json) terminal.print(`${counted(projections.length, "inline projection")} ${projections.length === 1 ? "is" : "are"} up to date.`);
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
  return format === "cloudevents" ? readCloudEvents(chunks) : readNdjson(chunks);
}

function tell(report: ImportReport, flags: ImportFlags, progress: Progress, terminal: Terminal): void {
  const { written, repeated, bad, renumbered, repositioned, lastPosition } = report;
  if (flags.dryRun) return tellOfDryRun(report, flags, terminal);
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

function tellOfDryRun({ written, repeated, bad }: ImportReport, flags: ImportFlags, terminal: Terminal): void {
  if (flags.json) return terminal.printJson({ dryRun: true, written, repeated, bad });
  terminal.print(`${counted(written, "event")} would be written. Nothing was.`);
  if (repeated > 0) terminal.print(`${count(repeated)} ${repeated === 1 ? "is" : "are"} there already.`);
  if (bad > 0) terminal.print(`${counted(bad, "bad line")} would be left out${flags.badLines === undefined ? "" : `; see ${flags.badLines}`}.`);
}
