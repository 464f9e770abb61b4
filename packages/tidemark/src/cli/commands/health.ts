import { type Command, InvalidArgumentError as InvalidOptionError } from "commander";
import type { HealthReport } from "../../operations/health/health-report.ts";
import { Finding } from "../finding.ts";
import { given, wholeNumber } from "../flags.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

interface HealthFlags extends StoreFlags {
  readonly maxLag?: Readonly<Record<string, number>>;
  readonly maxLagMs?: number;
  readonly maxMarkAge?: number;
  readonly maxDeadLetters?: number;
  readonly strict?: boolean;
}

/** `tidemark health` */
export function addHealth(program: Command, terminal: Terminal): void {
  addStoreFlags(program.command("health"), "the report, one JSON document,")
    .description("Look whether the store is well: the mark, lag, history, durability, connections, locks, schema. Exits with 1 if a check fails.")
    .option("--max-lag <name=events>", "how far this consumer, projection or process may be behind; several times", limitOf)
    .option("--max-lag-ms <ms>", "how long any of them may be behind; default: 300000", wholeNumber)
    .option("--max-mark-age <ms>", "how long committed events may wait for the high-water mark; default: 30000", wholeNumber)
    .option("--max-dead-letters <number>", "how many dead letters a consumer may have; default: 0", wholeNumber)
    .option("--strict", "exit with 1 for what is degraded, too")
    .addHelpText(
      "after",
      "\nExamples:\n  tidemark health\n  tidemark health --max-lag mailer=10000 --max-mark-age 5000\n  tidemark health --strict --json || page-someone",
    )
    .action((flags: HealthFlags) => health(flags, terminal));
}

/** `name=events`, the name up to the last `=`. */
function limitOf(text: string, previous: Readonly<Record<string, number>> = {}): Readonly<Record<string, number>> {
  const at = text.lastIndexOf("=");
  if (at < 1) throw new InvalidOptionError("It must be a name and a number of events, such as mailer=10000.");
  return { ...previous, [text.slice(0, at)]: wholeNumber(text.slice(at + 1)) };
}

async function health(flags: HealthFlags, terminal: Terminal): Promise<void> {
  const { maxLag, maxLagMs, maxMarkAge: maxMarkAgeMs, maxDeadLetters } = flags;
  const report = await withStore(flags, terminal, (store) => store.health(given({ maxLag, maxLagMs, maxMarkAgeMs, maxDeadLetters })));
  if (flags.json) terminal.printJson(report);
  else print(report, terminal);
  if (report.status === "failing" || !report.ready || (flags.strict && report.status !== "ok")) throw new Finding("the store is not well");
}

function print({ status, checks }: HealthReport, terminal: Terminal): void {
  terminal.table([
    ["check", "status", "value", "limit", "advice"],
    ...checks.map((check) => [check.name, check.status, text(check.value), text(check.limit), check.advice ?? ""]),
  ]);
  terminal.say(`The store is ${status === "ok" ? "well" : status}.`);
}

function text(value: string | number | null): string {
  return value === null ? "-" : `${value}`;
}
