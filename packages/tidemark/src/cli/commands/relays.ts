import type { Command } from "commander";
import { escapeUnsafe } from "../../arguments/describe-value.ts";
import type { PauseOptions } from "../../consumers/administration.ts";
import type { RelayInfo } from "../../relays/administration.ts";
import type { EventStore } from "../../store/event-store.ts";
import { lineUp } from "../columns.ts";
import { confirm } from "../confirm.ts";
import { consumerRows, consumerTable, problemOf, shardTable } from "../consumer-lines.ts";
import { given, place } from "../flags.ts";
import { addStoreFlags, type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

const aboutOne = "the relay as show does, one JSON document,";

/** `tidemark relays list|show|pause|resume|reset` */
export function addRelays(program: Command, terminal: Terminal): void {
  const command = program
    .command("relays")
    .description("Look at relays: how far they are and what holds them; pause, resume or reset one.")
    .helpCommand(false)
    .addHelpText("after", "\nExamples:\n  tidemark relays list\n  tidemark relays reset --help");

  addStoreFlags(command.command("list"), "one JSON document a line")
    .description("List the relays by name, each with its state, how far it is behind, and its last error.")
    .addHelpText("after", "\nExamples:\n  tidemark relays list\n  tidemark relays list --json | jq -r 'select(.state == \"retrying\") | .name'")
    .action((flags: StoreFlags) => list(flags, terminal));

  addOne(command, "show")
    .description("Show one relay, shard by shard.")
    .addHelpText("after", "\nExample:\n  tidemark relays show orders-out")
    .action((name: string, flags: StoreFlags) => show(name, flags, terminal));

  addOne(command, "pause", aboutOne)
    .description("Stop publishing until it is resumed. What was sent is still acknowledged.")
    .option("--reason <reason>", "the reason, shown with the relay")
    .option("--by <name>", "who pauses it")
    .addHelpText("after", '\nExample:\n  tidemark relays pause orders-out --reason "the broker is being replaced" --by ada')
    .action((name: string, { reason, by, ...flags }: StoreFlags & PauseOptions) =>
      change(name, flags, terminal, `${name} is paused: it publishes nothing until it is resumed.`, (store) => store.relays.pause(name, given({ reason, by }))),
    );

  addOne(command, "resume", aboutOne)
    .description("End a pause.")
    .addHelpText("after", "\nExample:\n  tidemark relays resume orders-out")
    .action((name: string, flags: StoreFlags) => change(name, flags, terminal, `${name} is resumed.`, (store) => store.relays.resume(name)));

  addOne(command, "reset", aboutOne)
    .description("Move it to a position: it publishes again what comes after it. Dead letters after it are removed.")
    .requiredOption("--after <position>", "a position, which is exclusive; beginning; or end, the high-water mark", place)
    .option("--yes", "do not ask for confirmation; needed without a terminal")
    .addHelpText("after", "\nExample:\n  tidemark relays reset orders-out --after 120000")
    .action((name: string, flags: ResetFlags) => reset(name, flags, terminal));
}

function addOne(command: Command, name: string, json?: string): Command {
  return addStoreFlags(command.command(name), json).argument("<relay>", "the relay's name");
}

async function list(flags: StoreFlags, terminal: Terminal): Promise<void> {
  const relays = await withStore(flags, terminal, (store) => store.relays.list());
  if (flags.json) await terminal.printLines(documents(relays));
  else if (relays.length === 0) terminal.say("There are no relays. One is known once a worker with it was started.");
  else await terminal.printLines(lineUp(consumerRows(relays), terminal.width));
}

async function show(name: string, flags: StoreFlags, terminal: Terminal): Promise<void> {
  const relay = await withStore(flags, terminal, (store) => store.relays.get(name));
  if (flags.json) return terminal.printJson(relay);
  terminal.table(consumerTable(relay, "relay"));
  terminal.print();
  terminal.table(shardTable(relay.shards));
  for (const shard of relay.shards) if (shard.lastError) terminal.print(`shard ${shard.shard}: ${problemOf(shard)}`);
}

async function change(name: string, flags: StoreFlags, terminal: Terminal, done: string, work: (store: EventStore) => Promise<void>): Promise<void> {
  await withStore(flags, terminal, async (store) => {
    await work(store);
    if (flags.json) terminal.printJson(await store.relays.get(name));
    else terminal.print(done);
  });
}

interface ResetFlags extends StoreFlags {
  readonly after: number | "end";
  readonly yes?: boolean;
}

async function reset(name: string, { after, yes, ...flags }: ResetFlags, terminal: Terminal): Promise<void> {
  const to = after === "end" ? "the end of the log" : `position ${after}`;
  await change(name, flags, terminal, `${name} continues after ${to}.`, async (store) => {
    await confirm(terminal, lossOf(await store.relays.get(name), after, to), yes);
    await store.relays.reset(name, { after });
  });
}

/** What a reset does, as the question for confirmation tells it. */
function lossOf({ name, shards, deadLetters }: RelayInfo, after: number | "end", to: string): string {
  const positions = shards.map(({ position }) => position);
  const back = after !== "end" && after < Math.max(...positions) ? " What it published after that place is published again." : "";
  const forth = after === "end" || after > Math.min(...positions) ? " What it has not published before that place never will be." : "";
  const letters = deadLetters > 0 && after !== "end" ? ` Of its ${deadLetters} dead letters those after that place are removed.` : "";
  return `${name} is at position ${Math.min(...positions)}, and would be set to ${to}.${back}${forth}${letters}`;
}

async function* documents(relays: readonly RelayInfo[]): AsyncGenerator<string, void, undefined> {
  for (const relay of relays) yield escapeUnsafe(JSON.stringify(relay));
}
