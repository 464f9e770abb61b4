import { type Command, Option } from "commander";
import { escapeUnsafe, hideCredentials } from "../../arguments/describe-value.ts";
import type { MessageState, OutboxMessage, OutboxQuery } from "../../outbox/outbox.ts";
import { lineUp, type Row } from "../columns.ts";
import { confirm } from "../confirm.ts";
import { given, wholeNumber } from "../flags.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

const states: readonly MessageState[] = ["pending", "published", "failed", "parked"];

/** `tidemark outbox list|stats|clean-up` */
export function addOutbox(program: Command, terminal: Terminal): void {
  const command = program
    .command("outbox")
    .description("Look at messages that are no events, and remove old ones.")
    .helpCommand(false)
    .addHelpText("after", "\nExamples:\n  tidemark outbox list --state failed\n  tidemark outbox stats --json");

  addStoreFlags(command.command("list"), "one JSON document a line")
    .description("List messages in the order of their positions, each with its state.")
    .addOption(new Option("--state <state>", "only those in this state").choices(states))
    .option("--topic <topic>", "only those of this topic")
    .option("--key <key>", "only those with this key")
    .option("--after <position>", "only those after this position", wholeNumber)
    .option("--limit <number>", "the most messages to list", wholeNumber, 100)
    .addHelpText("after", "\nExamples:\n  tidemark outbox list --state pending --topic mail\n  tidemark outbox list --limit 10000 --json | jq .payload")
    .action((flags: StoreFlags & ListFlags) => list(flags, terminal));

  addStoreFlags(command.command("stats"))
    .description("Count messages by their state.")
    .addHelpText("after", "\nExample:\n  tidemark outbox stats")
    .action((flags: StoreFlags) => stats(flags, terminal));

  addStoreFlags(command.command("clean-up"))
    .description("Remove messages that every relay has published and that are old.")
    .option("--keep-days <number>", "keep those of so many days", wholeNumber, 7)
    .option("--yes", "do not ask for confirmation; needed without a terminal")
    .addHelpText("after", "\nExample:\n  tidemark outbox clean-up --keep-days 1 --yes")
    .action((flags: StoreFlags & CleanUpFlags) => cleanUp(flags, terminal));
}

type ListFlags = Omit<OutboxQuery, "limit"> & { readonly limit: number };

interface CleanUpFlags {
  readonly keepDays: number;
  readonly yes?: boolean;
}

async function list({ state, topic, key, after, limit, ...flags }: StoreFlags & ListFlags, terminal: Terminal): Promise<void> {
  const messages = await withStore(flags, terminal, (store) => store.outbox.list(given({ state, topic, key, after, limit })));
  await terminal.printLines(flags.json ? documents(messages) : lineUp(rows(messages), terminal.width));
  if (messages.length === 0) terminal.say("There are no messages.");
  else if (messages.length === limit) terminal.say(`There may be more than these ${limit}: see --limit and --after.`);
}

async function* rows(messages: readonly OutboxMessage[]): AsyncGenerator<Row, void, undefined> {
  if (messages.length > 0) yield ["position", "state", "published at", "topic", "key", "id"];
  for (const { position, state, publishedAt, topic, key, id } of messages)
    yield [position, state, publishedAt.toISOString(), escapeUnsafe(hideCredentials(topic)), escapeUnsafe(hideCredentials(key)), id];
}

async function* documents(messages: readonly OutboxMessage[]): AsyncGenerator<string, void, undefined> {
  for (const message of messages) yield escapeUnsafe(JSON.stringify(message));
}

async function stats(flags: StoreFlags, terminal: Terminal): Promise<void> {
  const { oldestPendingAt, ...counts } = await withStore(flags, terminal, (store) => store.outbox.stats());
  if (flags.json) return terminal.printJson({ ...counts, oldestPendingAt: oldestPendingAt ?? null });
  for (const state of states) terminal.print(`${state.padEnd(9)}  ${counts[state]}`);
  if (oldestPendingAt) terminal.print(`The oldest pending message is of ${oldestPendingAt.toISOString()}.`);
}

async function cleanUp({ keepDays, yes, ...flags }: StoreFlags & CleanUpFlags, terminal: Terminal): Promise<void> {
  const removed = await withStore(flags, terminal, async (store) => {
    await confirm(terminal, `Published messages of more than ${keepDays} days would be removed, and could not be replayed.`, yes);
    return await store.outbox.cleanUp({ keepMs: keepDays * 24 * 60 * 60 * 1_000 });
  });
  if (flags.json) terminal.printJson({ removed });
  else terminal.print(`${removed === 1 ? "1 message is" : `${removed} messages are`} removed.`);
}
