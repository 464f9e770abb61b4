import { type Command, InvalidArgumentError as InvalidOptionError } from "commander";
import { openSchema } from "../../schema/open-schema.ts";
import { type CheckReport, checkEvents } from "../../transfer/check-events.ts";
import { neededCatalogue } from "../config/definitions.ts";
import { addConnectionFlags, type ConnectionFlags, loggerOf, mayCreate, withDatabase } from "../connection.ts";
import { Finding } from "../finding.ts";
import { wholeNumber } from "../flags.ts";
import { count, counted, Progress } from "../progress.ts";
import type { Terminal } from "../terminal.ts";
import { untilInterrupted } from "../until-interrupted.ts";

interface CheckFlags extends ConnectionFlags {
  readonly catalogue?: string;
  readonly sample?: number;
  readonly validate: boolean;
}

const examples = `
Examples:
  tidemark events check --catalogue ./events.ts
  tidemark events check --catalogue dist/events.js --sample 100 || exit 1
  tidemark events check --catalogue ./events.ts --json | jq -r '.types[].problems[].id'`;

/** `tidemark events check` */
export function addEventsCheck(events: Command, terminal: Terminal): void {
  addConnectionFlags(events.command("check"))
    .description("Read the stored events of all tenants with a catalogue: exit with 0 when it can handle every one, else with 1.")
    .option("--catalogue <file>", "a module that exports the catalogue of the code to deploy; default: the configuration's")
    .option("--sample <number>", "read so many events of each version of each type, 1 to 10000; default: all", sampleSize)
    .option("--no-validate", "do not check with the schemas, for those that refuse what they return")
    .addHelpText("after", examples)
    .action((flags: CheckFlags) => check(flags, terminal));
}

async function check(flags: CheckFlags, terminal: Terminal): Promise<void> {
  const catalogue = await neededCatalogue(flags);
  const progress = new Progress(terminal, "event");
  try {
    const report = await withDatabase(flags, terminal, !mayCreate, async (database, schema) => {
      await openSchema(database, schema, { migrate: "verify", logger: loggerOf(terminal) });
      return await untilInterrupted("The check was interrupted. Nothing was changed.", (signal) =>
        checkEvents(database, schema, catalogue, {
          sample: flags.sample,
          validates: flags.validate,
          tenant: undefined,
          signal,
          progress: ({ checked, fraction }) => progress.update(checked, fraction),
        }),
      );
    });
    progress.end();
    const { failed, examples: refused } = report;
    if (flags.json) terminal.printJson(report);
    else print(report, terminal, progress);
    if (failed + refused.length > 0) throw new Finding(`${failed} events and ${refused.length} types with wrong examples`);
  } finally {
    progress.end();
  }
}

function print({ types, examples: refused, checked, failed, position }: CheckReport, terminal: Terminal, progress: Progress): void {
  if (types.length > 0) {
    terminal.table([
      ["events", "checked", "failed", "version", "type"],
      ...types.map((type): (string | number)[] => [type.count, type.checked, type.failed, type.schemaVersion, type.type]),
    ]);
  }
  for (const { type, schemaVersion, failed: all, problems } of types) {
    if (all === 0) continue;
    terminal.print();
    terminal.print(`${type} ${schemaVersion}: ${counted(all, "event")} failed`, "bold");
    for (const { id, tenant, streamId, position: at, message } of problems)
      terminal.print(`  ${id} at position ${at} in ${tenant === "" ? "" : `${tenant}/`}${streamId}: ${message}`);
    const shown = new Set(problems.map(({ position: at }) => at)).size;
    if (shown < all) terminal.print(`  and ${counted(all - shown, "event")} more`);
  }
  for (const message of refused) terminal.print(`\n${message}`.trimStart());
  const end = `${counted(checked, "event")} up to position ${position} checked in ${progress.summary(checked)}`;
  terminal.say(failed + refused.length === 0 ? `${end}: the catalogue can handle them.` : `${end}: it cannot handle ${count(failed)} of them.`);
}

function sampleSize(text: string): number {
  const number = wholeNumber(text);
  if (number < 1 || number > 10_000) throw new InvalidOptionError("It must be from 1 to 10000.");
  return number;
}
