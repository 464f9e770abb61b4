import type { CommandNode } from "./command-node.ts";

/** A script for fish, with descriptions. */
export function fishCompletion(nodes: readonly CommandNode[]): string {
  const lines = nodes.flatMap(({ path, commands, options, choices }) => {
    const at = `complete -c tidemark -n ${quoted(`__tidemark_at ${quoted(path.join(" "))}`)}`;
    return [
      ...commands.map(({ word, description }) => `${at} -f -a ${quoted(word)} -d ${quoted(description)}`),
      ...choices.map((word) => `${at} -a ${quoted(word)}`),
      ...options.map(({ word, description, values }) => {
        const value = values === undefined ? "" : values.length > 0 ? ` -x -a ${quoted(values.join(" "))}` : " -r";
        return `${at} -l ${quoted(word.slice(2))}${value} -d ${quoted(description)}`;
      }),
    ];
  });
  const paths = nodes.filter(({ path }) => path.length > 0).map(({ path }) => quoted(path.join(" ")));
  return `# fish completion of tidemark. Use: tidemark completion fish | source
function __tidemark_at
  set -l known ${paths.join(" ")}
  set -l at ""
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$at $word")
    contains -- $next $known; and set at $next
  end
  test "$at" = "$argv[1]"
end
${lines.join("\n")}
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", String.raw`\'`)}'`;
}
