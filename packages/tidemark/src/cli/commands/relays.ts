import type { Command } from "commander";
import { FollowerCommands, type FollowerWords } from "../follower-commands.ts";
import type { Terminal } from "../terminal.ts";

const words: FollowerWords = {
  kind: "relay",
  examples: { one: "orders-out", jq: 'select(.state == "retrying") | .name', reason: "the broker is being replaced" },
  pause: { description: "Stop publishing until it is resumed. What was sent is still acknowledged.", done: "it publishes nothing until it is resumed." },
  resume: "",
  reset: "it publishes again what comes after it.",
  back: "What it published after that place is published again.",
  forth: "What it has not published before that place never will be.",
};

/** `tidemark relays list|show|pause|resume|reset` */
export function addRelays(program: Command, terminal: Terminal): void {
  const command = program
    .command("relays")
    .description("Look at relays: how far they are and what holds them; pause, resume or reset one.")
    .helpCommand(false)
    .addHelpText("after", "\nExamples:\n  tidemark relays list\n  tidemark relays reset --help");
  const commands = new FollowerCommands(command, terminal, words, ({ relays }) => relays);
  commands.addList();
  commands.addShow();
  commands.addPause();
  commands.addResume();
  commands.addReset();
}
