import { literalsOf } from "./literals.ts";
import type { FunctionFile } from "./functions.ts";

/**
 * What a function of `schema/functions` calls resolves in `pg_catalog` because of this line, whatever the caller's search_path is:
 * else an overload in `public` that fits better (of `cardinality(text[])`, say) runs in its place, as the role of the store.
 */
export const safePath = "set search_path = pg_catalog, pg_temp";

/** Looks like a call and is grammar, which no overload can take the place of. */
const grammar = new Set([
  "coalesce",
  "greatest",
  "least",
  "nullif",
  "extract",
  "array",
  "operator",
  "timestamptz",
  "any",
  "all",
  "exists",
  "in",
  "row",
  "values",
]);

/** Operators that take arrays, or JSON and a text of unknown type: an overload can fit better than pg_catalog's. */
const loose = /(?<![\w.<>=@#-])(?:@>|<@|&&|->>?|#>>?)(?![\w.<>=])/g;
/** A comparison with a parameter that is an array, and the product of a parameter without a type and an interval. */
const looseBesideParameters = /(?<![<>=])(?:=|<>)(?=\s*\$\d+::\w+\[\])|(?<=\$\d+\s*)\*(?=\s*interval\b)/g;

/** The calls in a text of SQL that name no schema, and the operators that should. */
export function unqualified(sql: string): readonly string[] {
  // No name and no constant that holds them counts; `operator(pg_catalog.@>)` is not loose.
  const bare = sql.replaceAll(/'(?:[^']|'')*'/g, "''").replaceAll(/operator\(pg_catalog\.[^)]*\)/g, "operator()");
  const calls = Array.from(bare.matchAll(/(?<![\w.$"@:])([a-z_][a-z0-9_]*)\(/g), (match) => ({ name: match[1] ?? "", at: match.index + match[0].length }));
  return [
    ...calls.filter(({ name, at }) => !grammar.has(name) && !(name === "unnest" && hasTwoArguments(bare, at))).map(({ name }) => `${name}()`),
    ...Array.from(bare.matchAll(loose), ([operator]) => operator),
    ...Array.from(bare.matchAll(looseBesideParameters), ([operator]) => operator),
  ];
}

/** `unnest(a, b)` in FROM is grammar too, and only without a schema. */
function hasTwoArguments(text: string, start: number): boolean {
  let depth = 0;
  for (const character of text.slice(start)) {
    if (character === "," && depth === 0) return true;
    if ("([".includes(character)) depth++;
    if (")]".includes(character) && depth-- === 0) return false;
  }
  return false;
}

/** What a module says to the server without a schema, with its line. A message may name a method of a client, and a text be a program. */
export function unqualifiedInModule(source: string): readonly string[] {
  return literalsOf(source).flatMap(({ text, line }) => unqualified(text.replaceAll(/method \w+\(|\brequire\(/g, "")).map((found) => `${line}: ${found}`));
}

/**
 * Functions that an overload could reach: they lack `safePath` and call something without a schema. `inner` are those that only others
 * call, and so run in the search_path of those: each SET costs a microsecond of every append.
 */
export function exposed(functions: readonly FunctionFile[], inner: ReadonlySet<string>): readonly string[] {
  return functions
    .filter(({ name, text }) => !inner.has(name) && !text.includes(`\n  ${safePath}\n`) && unqualified(bodyOf(text)).length > 0)
    .map(({ name }) => name);
}

function bodyOf(text: string): string {
  const body = /(?:\$tidemark\$(.*)\$tidemark\$|\nreturn (.*);)/s.exec(text);
  return (body?.[1] ?? body?.[2] ?? "").replaceAll(/--.*$/gm, "");
}

/** Whether a program calls a function of the store's schema: `functionName(schema, "append_one")`. */
export function calls(source: string, name: string): boolean {
  return literalsOf(source).some(({ text }) => text === name || text.includes(`.${name}(`));
}
