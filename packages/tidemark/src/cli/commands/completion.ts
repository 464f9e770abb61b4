import { Argument, type Command } from "commander";
import { bashCompletion } from "../completion/bash.ts";
import { commandNodes, type CommandNode } from "../completion/command-node.ts";
import { fishCompletion } from "../completion/fish.ts";
import { zshCompletion } from "../completion/zsh.ts";
import type { Terminal } from "../terminal.ts";

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } satisfies Record<string, (nodes: readonly CommandNode[]) => string>;

/** `tidemark completion` */
export function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command("completion")
    .description("Print a script that completes the words of this command in a shell.")
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(shells)))
    .option("--json", "print one JSON document on stdout, errors too")
    .addHelpText(
      "after",
      '\nExamples:\n  source <(tidemark completion bash)\n  tidemark completion zsh > "${fpath[1]}/_tidemark"\n  tidemark completion fish | source',
    )
    .action((shell: keyof typeof shells, { json }: { readonly json?: true }) => {
      const script = shells[shell](commandNodes(program));
      if (json) terminal.printJson({ shell, script });
      else terminal.printRaw(script);
    });
}
