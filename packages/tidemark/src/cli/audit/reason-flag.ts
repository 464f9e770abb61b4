import type { Command } from "commander";

/** The commands that change something in the running of a store. Each writes that to the audit. */
const changingCommands: readonly string[] = [
  ...["pause", "resume", "reset", "rename", "delete"].map((word) => `consumers ${word}`),
  ...["pause", "resume", "reset"].map((word) => `relays ${word}`),
  ...["pause", "resume", "deactivate", "rebuild", "rebuild-document", "swap", "rollback", "drop"].map((word) => `projections ${word}`),
  ...["retry", "discard"].map((word) => `dead-letters ${word}`),
  ...["retry", "cancel"].map((word) => `processes ${word}`),
  "timers cancel",
  "outbox clean-up",
  "audit prune",
  ...["create", "drop"].map((word) => `indexes ${word}`),
];

/** Gives each of them `--reason`, where it has none of its own. */
export function addReasonFlags(program: Command): void {
  for (const words of changingCommands) {
    const command = words.split(" ").reduce<Command | undefined>((above, word) => above?.commands.find((one) => one.name() === word), program);
    if (!command) throw new TypeError(`There is no command ${words}.`);
    if (!command.options.some(({ long }) => long === "--reason")) command.option("--reason <reason>", "why, for the audit");
  }
}
