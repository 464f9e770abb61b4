import type { Command } from "commander";
import { escapeUnsafe, hideCredentials } from "../../arguments/describe-value.ts";
import { NotFoundError } from "../../errors/following.ts";
import type { Timer, TimersQuery } from "../../timers/timer.ts";
import { lineUp, type Row } from "../columns.ts";
import { confirm } from "../confirm.ts";
import { given, moment, wholeNumber } from "../flags.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

/** `tidemark timers list|cancel` */
export function addTimers(program: Command, terminal: Terminal): void {
  const command = program
    .command("timers")
    .description("Look at events that wait until they are due, and cancel them.")
    .helpCommand(false)
    .addHelpText("after", "\nExamples:\n  tidemark timers list\n  tidemark timers cancel --help");

  addStoreFlags(command.command("list"), "one JSON document a line")
    .description("List timers by due time, each with what failed.")
    .option("--due-before <time>", "only those due before this time, such as 2026-11-20T10:00:00Z", moment)
    .option("--limit <number>", "the most timers to list", wholeNumber, 100)
    .addHelpText("after", "\nExamples:\n  tidemark timers list --due-before 2027-01-01\n  tidemark timers list --limit 10000 --json | jq 'select(.parked)'")
    .action((flags: StoreFlags & ListFlags) => list(flags, terminal));

  addStoreFlags(command.command("cancel"))
    .argument("<key>", "the timer's key")
    .description("Cancel a timer: its event is never appended. A recurring one ends.")
    .option("--yes", "do not ask for confirmation; needed without a terminal")
    .addHelpText("after", "\nExample:\n  tidemark timers cancel payment-order-7")
    .action((key: string, flags: StoreFlags & { readonly yes?: boolean }) => cancel(key, flags, terminal));
}

type ListFlags = Pick<TimersQuery, "dueBefore"> & { readonly limit: number };

async function list({ dueBefore, limit, ...flags }: StoreFlags & ListFlags, terminal: Terminal): Promise<void> {
  const timers = await withStore(flags, terminal, (store) => store.timers.list(given({ dueBefore, limit })));
  await terminal.printLines(flags.json ? documents(timers) : lineUp(rows(timers), terminal.width));
  if (timers.length === 0) terminal.say("There are no timers.");
  else if (timers.length === limit) terminal.say(`There may be more than these ${limit}: see --limit.`);
}

async function* rows(timers: readonly Timer[]): AsyncGenerator<Row, void, undefined> {
  if (timers.length > 0) yield ["key", "due at", "stream", "type", "recurs", "attempts", "error"];
  for (const { key, dueAt, streamId, type, cron, timeZone, attempts, parked, error } of timers) {
    const failure = error ? `${parked ? "parked: " : ""}${error.message}` : "";
    const cells = [key, dueAt.toISOString(), streamId, type, cron === undefined ? "" : `${cron} (${timeZone})`, attempts, failure];
    yield cells.map((cell) => (typeof cell === "string" ? escapeUnsafe(hideCredentials(cell)) : cell));
  }
}

async function* documents(timers: readonly Timer[]): AsyncGenerator<string, void, undefined> {
  for (const timer of timers) yield escapeUnsafe(JSON.stringify(timer));
}

async function cancel(key: string, { yes, ...flags }: StoreFlags & { readonly yes?: boolean }, terminal: Terminal): Promise<void> {
  await withStore(flags, terminal, async (store) => {
    await confirm(terminal, `The timer ${escapeUnsafe(key)} would never fire.`, yes);
    if (!(await store.timers.cancel(key)))
      throw new NotFoundError("timer", key, "It has fired, was cancelled, or was never set; tidemark timers list names those that wait.");
  });
  if (flags.json) terminal.printJson({ cancelled: 1 });
  else terminal.print(`The timer ${escapeUnsafe(key)} is cancelled.`);
}
