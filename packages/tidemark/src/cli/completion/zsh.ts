import type { CommandNode, Word } from "./command-node.ts";

/** A script for zsh, with descriptions. */
export function zshCompletion(nodes: readonly CommandNode[]): string {
  const names = nodes.filter(({ path }) => path.length > 0).map(({ path }) => `      ${quoted(path.join(" "))}) at=$next ;;`);
  const values = nodes.flatMap(({ path, options }) =>
    options.flatMap(({ word, values }) => {
      if (values === undefined) return [];
      return [`    ${quoted([...path, word].join(" "))}) ${values.length > 0 ? `compadd -- ${values.join(" ")}` : "_files"}; return ;;`];
    }),
  );
  const words = nodes.map(
    ({ path, commands, options, choices }) => `    ${quoted(path.join(" "))})
      found=(
${[...commands, ...choices.map((word): Word => ({ word, description: "" })), ...options].map((one) => `        ${described(one)}`).join("\n")}
      ) ;;`,
  );
  return `#compdef tidemark
# zsh completion of tidemark. Use: tidemark completion zsh > "\${fpath[1]}/_tidemark"
_tidemark() {
  local at="" next="" word
  local -a found
  for word in "\${(@)words[2,CURRENT-1]}"; do
    next="\${at:+$at }$word"
    case $next in
${names.join("\n")}
    esac
  done
  case "\${at:+$at }\${words[CURRENT-1]}" in
${values.join("\n")}
  esac
  case $at in
${words.join("\n")}
  esac
  _describe -t commands tidemark found || _files
}
# From a folder of fpath it runs as the function itself, the first time.
if [[ \${funcstack[1]} == _tidemark ]]; then _tidemark "$@"; else compdef _tidemark tidemark; fi
`;
}

/** A colon ends the word of a description. */
function described({ word, description }: Word): string {
  return quoted(description === "" ? word : `${word.replaceAll(":", String.raw`\:`)}:${description}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
