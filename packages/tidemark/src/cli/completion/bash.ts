import type { CommandNode } from "./command-node.ts";

/** A script for bash: words alone, since bash shows no descriptions. Where no word fits, it completes the names of files. */
export function bashCompletion(nodes: readonly CommandNode[]): string {
  const names = nodes.filter(({ path }) => path.length > 0).map(({ path }) => `      "${path.join(" ")}") path="$next" ;;`);
  const values = nodes.flatMap(({ path, options }) =>
    options.flatMap(({ word, values }) => {
      if (values === undefined) return [];
      // Any text: nothing is proposed but names of files.
      return [`    "${[...path, word].join(" ")}") words="${values.join(" ")}" ;;`];
    }),
  );
  const words = nodes.map(
    ({ path, commands, options, choices }) =>
      `      "${path.join(" ")}") words="${[...commands.map(({ word }) => word), ...choices, ...options.map(({ word }) => word)].join(" ")}" ;;`,
  );
  return `# bash completion of tidemark. Use: source <(tidemark completion bash)
_tidemark() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" next="" words="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in
${names.join("\n")}
    esac
  done
  case "\${path:+$path }$previous" in
${values.join("\n")}
    *)
      case "$path" in
${words.join("\n")}
      esac
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _tidemark tidemark
`;
}
