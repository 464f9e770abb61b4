import type { Command } from "commander";
import { escapeUnsafe } from "../../arguments/describe-value.ts";
import type { EventStore } from "../../store/event-store.ts";
import type { PauseOptions } from "../../consumers/administration.ts";
import type { ConsumerInfo } from "../../consumers/consumer-info.ts";
import { lineUp } from "../columns.ts";
import { confirm } from "../confirm.ts";
import { consumerRows, consumerTable, problemOf, shardTable } from "../consumer-lines.ts";
import { given, place } from "../flags.ts";
import { counted } from "../progress.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

const aboutOne = "the consumer as show does, one JSON document,";

/** `tidemark consumers list|show|pause|resume|reset|rename|delete` */
export function addConsumers(program: Command, terminal: Terminal): void {
  const command = program
    .command("consumers")
    .description("Look at consumers: how far they are and what holds them; pause, resume, reset, rename or delete one.")
    .helpCommand(false)
    .addHelpText("after", "\nExamples:\n  tidemark consumers list\n  tidemark consumers reset --help");

  addStoreFlags(command.command("list"), "one JSON document a line")
    .description("List the consumers by name, each with its state, how far it is behind, and its last error.")
    .addHelpText("after", "\nExamples:\n  tidemark consumers list\n  tidemark consumers list --json | jq -r 'select(.lag.events > 1000) | .name'")
    .action((flags: StoreFlags) => list(flags, terminal));

  addOne(command, "show")
    .description("Show one consumer, shard by shard.")
    .addHelpText("after", "\nExamples:\n  tidemark consumers show mailer\n  tidemark consumers show mailer --json | jq '.shards[] | select(.lastError)'")
    .action((name: string, flags: StoreFlags) => describeValue(name, flags, terminal));

  addOne(command, "pause", aboutOne)
    .description("Stop handling its events until it is resumed. Its workers finish the event in hand and wait.")
    .option("--reason <reason>", "the reason, shown with the consumer")
    .option("--by <name>", "who pauses it")
    .addHelpText("after", '\nExamples:\n  tidemark consumers pause mailer\n  tidemark consumers pause mailer --reason "the mail server is down" --by ada')
    .action((name: string, { reason, by, ...flags }: StoreFlags & PauseOptions) =>
      change(name, flags, terminal, `${name} is paused: its workers finish the event in hand and wait.`, (store) =>
        store.consumers.pause(name, given({ reason, by })),
      ),
    );

  addOne(command, "resume", aboutOne)
    .description("End a pause. Shards that stopped at an event begin with it again.")
    .addHelpText("after", "\nExample:\n  tidemark consumers resume mailer")
    .action((name: string, flags: StoreFlags) => change(name, flags, terminal, `${name} is resumed.`, (store) => store.consumers.resume(name)));

  addOne(command, "reset", aboutOne)
    .description("Move it to a position: it continues with the first event after it. Dead letters after it are removed.")
    .requiredOption("--after <position>", "a position, which is exclusive; beginning; or end, the high-water mark", place)
    .option("--yes", "do not ask for confirmation; needed without a terminal")
    .addHelpText("after", "\nExamples:\n  tidemark consumers reset mailer --after 120000\n  tidemark consumers reset mailer --after beginning --yes")
    .action((name: string, flags: ResetFlags) => reset(name, flags, terminal));

  addOne(command, "rename", aboutOne)
    .argument("<to>", "its new name")
    .description("Give it another name, with its checkpoints and dead letters. Stop its workers first.")
    .addHelpText("after", "\nExample:\n  tidemark consumers rename mailer receipts")
    .action((name: string, to: string, flags: StoreFlags) => change(to, flags, terminal, `${name} is ${to} now.`, (store) => store.consumers.rename(name, to)));

  addOne(command, "delete")
    .description("Remove it for good, with its checkpoints, its dead letters and their history. Stop its workers first.")
    .option("--yes", "do not ask for confirmation; needed without a terminal")
    .addHelpText("after", "\nExample:\n  tidemark consumers delete mailer")
    .action((name: string, flags: StoreFlags & { readonly yes?: boolean }) => remove(name, flags, terminal));
}

function addOne(command: Command, name: string, json?: string): Command {
  return addStoreFlags(command.command(name), json).argument("<consumer>", "the consumer's name");
}

async function list(flags: StoreFlags, terminal: Terminal): Promise<void> {
  const consumers = await withStore(flags, terminal, (store) => store.consumers.list());
  if (flags.json) await terminal.printLines(documents(consumers));
  else if (consumers.length === 0) terminal.say("There are no consumers. One is known once a worker with it was started.");
  else await terminal.printLines(lineUp(consumerRows(consumers), terminal.width));
}

async function describeValue(name: string, flags: StoreFlags, terminal: Terminal): Promise<void> {
  const consumer = await withStore(flags, terminal, (store) => store.consumers.get(name));
  if (flags.json) return terminal.printJson(consumer);
  terminal.table(consumerTable(consumer));
  terminal.print();
  terminal.table(shardTable(consumer.shards));
  for (const shard of consumer.shards) if (shard.lastError) terminal.print(`shard ${shard.shard}: ${problemOf(shard)}`);
}

/** @param name - As it is called afterwards. */
async function change(name: string, flags: StoreFlags, terminal: Terminal, done: string, work: (store: EventStore) => Promise<void>): Promise<void> {
  await withStore(flags, terminal, async (store) => {
    await work(store);
    if (flags.json) terminal.printJson(await store.consumers.get(name));
    else terminal.print(done);
  });
}

async function remove(name: string, { yes, ...flags }: StoreFlags & { readonly yes?: boolean }, terminal: Terminal): Promise<void> {
  await withStore(flags, terminal, async (store) => {
    const { shards, deadLetters } = await store.consumers.get(name);
    const position = Math.min(...shards.map((shard) => shard.position));
    await confirm(terminal, `${name} would be removed for good, with its checkpoint at position ${position} and ${counted(deadLetters, "dead letter")}.`, yes);
    await store.consumers.delete(name);
  });
  if (flags.json) terminal.printJson({ deleted: name });
  else terminal.print(`${name} is deleted.`);
}

interface ResetFlags extends StoreFlags {
  readonly after: number | "end";
  readonly yes?: boolean;
}

async function reset(name: string, { after, yes, ...flags }: ResetFlags, terminal: Terminal): Promise<void> {
  const to = after === "end" ? "the end of the log" : `position ${after}`;
  await change(name, flags, terminal, `${name} continues after ${to}.`, async (store) => {
    const consumer = await store.consumers.get(name);
    await confirm(terminal, lossOf(consumer, after, to), yes);
    await store.consumers.reset(name, { after });
  });
}

/** What a reset does, as the question for confirmation tells it. */
function lossOf({ name, shards, deadLetters }: ConsumerInfo, after: number | "end", to: string): string {
  const positions = shards.map(({ position }) => position);
  const [lowest, highest] = [Math.min(...positions), Math.max(...positions)];
  const now = lowest === highest ? `${lowest}` : `${lowest} to ${highest}`;
  const back = after !== "end" && after < highest ? " What it handled after that place is handled again." : "";
  const forth = after === "end" || after > lowest ? " What it has not handled before that place never will be." : "";
  const letters = deadLetters > 0 && after !== "end" ? ` Of its ${deadLetters} dead letters those after that place are removed.` : "";
  return `${name} is at position ${now}, and would be set to ${to}.${back}${forth}${letters}`;
}

async function* documents(consumers: readonly ConsumerInfo[]): AsyncGenerator<string, void, undefined> {
  for (const consumer of consumers) yield escapeUnsafe(JSON.stringify(consumer));
}
