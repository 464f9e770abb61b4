/**
 * What a statement of the user's gives back, read from its words alone.
 *
 * `rows`: rows, and it can stand inside another statement, as `<before> name as (<body>)`;
 * `count`: no rows, but a number of changed ones;
 * `other`: anything else, as SHOW, EXPLAIN, CALL, DDL, or several statements at once.
 */
export type StatementShape = { readonly kind: "rows"; readonly before: string; readonly body: string } | { readonly kind: "count" | "other" };

const reading = new Set(["select", "values", "table"]);
const changing = new Set(["insert", "update", "delete", "merge"]);

export function shapeOf(text: string): StatementShape {
  const { tokens, end } = outermost(text);
  const other: StatementShape = { kind: "other" };
  if (end === undefined) return other;
  const [first] = tokens;
  const withs = first?.word === "with";
  const main = withs ? tokens.find(({ word }) => reading.has(word) || changing.has(word)) : first;
  if (!main) return other;
  const rest = tokens.slice(tokens.indexOf(main)).map(({ word }) => word);
  if (changing.has(main.word) && !rest.includes("returning")) return { kind: "count" };
  // SELECT INTO creates a table.
  const gives = changing.has(main.word) || main.word === "(" || (reading.has(main.word) && !rest.includes("into"));
  if (!gives) return other;
  // What changes rows has its place in the outermost WITH alone, so that the user's own list of them is gone on with.
  return { kind: "rows", before: withs ? `${text.slice(0, main.at)},` : "with", body: text.slice(main.at, end) };
}

interface Token {
  /** In lower case, or an opening parenthesis. */
  readonly word: string;
  readonly at: number;
}

/** Strings, quoted names, comments, dollar quotes; words; what opens, closes and ends. */
const token =
  /--[^\n]*|\/\*|\b[eE]'(?:[^'\\]|\\[^]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[^]*?\$\1\$|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|[()[\]]|[^\s]/g;

/** The words outside of all parentheses, and where the statement ends: undefined where another one follows, or where that cannot be told. */
function outermost(text: string): { readonly tokens: readonly Token[]; readonly end: number | undefined } {
  const tokens: Token[] = [];
  let end: number | undefined;
  let depth = 0;
  token.lastIndex = 0;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [found] = match;
    if (found.startsWith("--")) continue;
    if (found === "/*") {
      token.lastIndex = endOfComment(text, match.index);
      continue;
    }
    // With standard_conforming_strings = off the string would go on here.
    const unsure = found.startsWith("'") && found.includes(String.raw`\'`);
    if (unsure || end !== undefined) return { tokens, end: undefined };
    if (found === ";" && depth === 0) end = match.index;
    else if (found === ")" || found === "]") depth--;
    else if (depth === 0 && (found === "(" || /^[A-Za-z_\u0080-\uffff]/.test(found)) && !found.endsWith("'")) {
      tokens.push({ word: found.toLowerCase(), at: match.index });
    }
    if (found === "(" || found === "[") depth++;
  }
  return { tokens, end: end ?? text.length };
}

/** Comments nest. */
function endOfComment(text: string, start: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = start;
  let depth = 0;
  for (let match = edge.exec(text); match; match = edge.exec(text)) {
    depth += match[0] === "/*" ? 1 : -1;
    if (depth === 0) return edge.lastIndex;
  }
  return text.length;
}
