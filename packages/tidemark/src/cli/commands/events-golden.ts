import { type Command, InvalidArgumentError as InvalidOptionError } from "commander";
import type { DefinedEvents } from "../../catalogue/defined-events.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { MarkReader } from "../../feed/mark.ts";
import { openSchema } from "../../schema/open-schema.ts";
import { golden, type GoldenOptions, type GoldenReport } from "../../transfer/golden/golden.ts";
import { problemText } from "../../transfer/golden/golden-problem.ts";
import { sampledEvents } from "../../transfer/sampled-events.ts";
import { sampleTypes } from "../../transfer/sample-types.ts";
import { neededCatalogue } from "../config/definitions.ts";
import { addConnectionFlags, type ConnectionFlags, loggerOf, mayCreate, withDatabase } from "../connection.ts";
import { Finding } from "../finding.ts";
import { wholeNumber } from "../flags.ts";
import { counted } from "../progress.ts";
import type { Terminal } from "../terminal.ts";
import { untilInterrupted } from "../until-interrupted.ts";

interface GoldenFlags extends ConnectionFlags {
  readonly catalogue?: string;
  readonly folder: string;
  readonly update?: boolean;
  readonly check?: boolean;
  readonly fromStore?: boolean;
  readonly sample: number;
}

const examples = `
Examples:
  tidemark events golden --catalogue ./events.ts --folder golden
  tidemark events golden --catalogue ./events.ts --folder golden --update
  tidemark events golden --catalogue ./events.ts --folder golden --from-store --sample 5
  tidemark events golden --catalogue ./events.ts --folder golden --check || exit 1`;

/** `tidemark events golden` */
export function addEventsGolden(events: Command, terminal: Terminal): void {
  addConnectionFlags(events.command("golden"))
    .description(
      "Write stored events of each version of each type, with what today's code makes of them, one file for each type; exit with 1 where it makes something else of one than its file says.",
    )
    .option("--catalogue <file>", "a module that exports the catalogue; default: the configuration's")
    .requiredOption("--folder <folder>", "where the files are, to be committed with the code")
    .option("--update", "write what entries become also where that has changed")
    .option("--check", "write nothing; exit with 1 also where an entry is missing")
    .option("--from-store", "add real events, of versions that have too few entries; needs --url or DATABASE_URL")
    .option("--sample <number>", "with --from-store: how many entries each version is to have, 1 to 100", sampleSize, 3)
    .addHelpText("after", examples)
    .action((flags: GoldenFlags, command: Command) => {
      if (flags.check && (flags.update || flags.fromStore)) throw new InvalidArgumentError("--check", "writes nothing: leave out --update and --from-store");
      if (!flags.fromStore && command.getOptionValueSource("sample") !== "default") throw new InvalidArgumentError("--sample", "needs --from-store");
      return write(flags, terminal);
    });
}

async function write(flags: GoldenFlags, terminal: Terminal): Promise<void> {
  const catalogue = await neededCatalogue(flags);
  const writes = flags.check ? "nothing" : flags.update ? "all" : "new";
  const report = flags.fromStore ? await fromStore(flags, catalogue, writes, terminal) : await golden(catalogue, flags.folder, { writes });
  if (flags.json) terminal.printJson(report);
  else print(report, flags, terminal);
  if (report.problems.length > 0) throw new Finding(counted(report.problems.length, "problem"));
}

async function fromStore(flags: GoldenFlags, catalogue: DefinedEvents, writes: GoldenOptions["writes"], terminal: Terminal): Promise<GoldenReport> {
  const { folder, sample: size } = flags;
  return await withDatabase(flags, terminal, !mayCreate, async (database, schema) => {
    await openSchema(database, schema, { migrate: "verify", logger: loggerOf(terminal) });
    return await untilInterrupted("The command was interrupted. No file was written.", async (signal) => {
      const { position: until } = await new MarkReader(database, schema).read(signal);
      const sampled = await sampleTypes(database, schema, { until, size, tenant: undefined }, signal);
      return await golden(catalogue, folder, { writes, sample: { events: sampledEvents(database, schema, sampled, signal), size } });
    });
  });
}

function print({ problems, written, entries }: GoldenReport, { folder, check, update }: GoldenFlags, terminal: Terminal): void {
  for (const name of written) terminal.print(`wrote ${name}`);
  for (const problem of problems) for (const line of problemText(problem).split("\n")) terminal.print(line);
  const changed = problems.filter(({ kind }) => kind === "changed").length;
  if (changed > 0 && !update) terminal.say("If today's code reads them right, run the same command with --update, and look at what changes.");
  if (check && problems.length > changed) terminal.say("Run the command without --check to write the entries that are missing.");
  const end = `${counted(entries, "entry", "entries")} in ${folder}`;
  terminal.say(problems.length === 0 ? `${end}: today's code reads them as they say.` : `${end}: ${counted(problems.length, "problem")}.`);
}

function sampleSize(text: string): number {
  const number = wholeNumber(text);
  if (number < 1 || number > 100) throw new InvalidOptionError("It must be from 1 to 100.");
  return number;
}
