import type { Command } from "commander";
import { confirm } from "../confirm.ts";
import { FollowerCommands, type FollowerWords } from "../follower-commands.ts";
import { counted } from "../progress.ts";
import { type StoreFlags, withStore } from "../store.ts";
import type { Terminal } from "../terminal.ts";

const words: FollowerWords = {
  kind: "consumer",
  examples: { one: "mailer", jq: "select(.lag.events > 1000) | .name", reason: "the mail server is down" },
  pause: {
    description: "Stop handling its events until it is resumed. Its workers finish the event in hand and wait.",
    done: "its workers finish the event in hand and wait.",
  },
  resume: " Shards that stopped at an event begin with it again.",
  reset: "it continues with the first event after it.",
  back: "What it handled after that place is handled again.",
  forth: "What it has not handled before that place never will be.",
};

/** `tidemark consumers list|show|pause|resume|reset|rename|delete` */
export function addConsumers(program: Command, terminal: Terminal): void {
  const command = program
    .command("consumers")
    .description("Look at consumers: how far they are and what holds them; pause, resume, reset, rename or delete one.")
    .helpCommand(false)
    .addHelpText("after", "\nExamples:\n  tidemark consumers list\n  tidemark consumers reset --help");
  const commands = new FollowerCommands(command, terminal, words, ({ consumers }) => consumers);
  commands.addList();
  commands.addShow();
  commands.addPause();
  commands.addResume();
  commands.addReset();

  commands
    .addOneChanged("rename")
    .argument("<to>", "its new name")
    .description("Give it another name, with its checkpoints and dead letters. Stop its workers first.")
    .addHelpText("after", "\nExample:\n  tidemark consumers rename mailer receipts")
    .action((name: string, to: string, flags: StoreFlags) => commands.change(to, flags, `${name} is ${to} now.`, (store) => store.consumers.rename(name, to)));

  commands
    .addOne("delete")
    .description("Remove it for good, with its checkpoints, its dead letters and their history. Stop its workers first.")
    .option("--yes", "do not ask for confirmation; needed without a terminal")
    .addHelpText("after", "\nExample:\n  tidemark consumers delete mailer")
    .action((name: string, flags: StoreFlags & { readonly yes?: boolean }) => remove(name, flags, terminal));
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
