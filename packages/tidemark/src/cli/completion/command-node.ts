import type { Command } from "commander";

/** A word that may come next, and what it means. */
export interface Word {
  readonly word: string;
  readonly description: string;
}

export interface CompletedOption extends Word {
  /** What its value may be: empty for any text, undefined where it takes none. */
  readonly values: readonly string[] | undefined;
}

/** A command, as completion needs it. */
export interface CommandNode {
  /** The words that lead to it, without the program's name. */
  readonly path: readonly string[];
  readonly commands: readonly Word[];
  readonly options: readonly CompletedOption[];
  /** What its arguments may be, where they are words of a list. */
  readonly choices: readonly string[];
}

/** A command, and all below it. */
export function commandNodes(command: Command, path: readonly string[] = []): readonly CommandNode[] {
  const help: CompletedOption = { word: "--help", description: "show this help", values: undefined };
  const node: CommandNode = {
    path,
    commands: command.commands.map((one) => ({ word: one.name(), description: firstSentence(one.description()) })),
    options: [
      ...command.options.flatMap(({ long, description, argChoices = [], required, optional }): CompletedOption[] =>
        long ? [{ word: long, description: firstSentence(description), values: required || optional ? argChoices : undefined }] : [],
      ),
      help,
    ],
    choices: command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
  };
  return [node, ...command.commands.flatMap((one) => commandNodes(one, [...path, one.name()]))];
}

/** A description for one line of a menu. */
function firstSentence(text: string): string {
  const [first = ""] = text.split(/(?<=[^.])[.:;](?= |$)/);
  return first.length > 70 ? `${first.slice(0, 69)}…` : first;
}
