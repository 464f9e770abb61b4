import { createHash } from "node:crypto";
import type { Queryable } from "../../database/database.ts";
import { quoteIdentifier } from "../../database/identifier.ts";
import { createFunctions, functionSet, publicFunctions, suffixOf } from "../../schema/function-set.ts";
import { type DoctorFinding, finding } from "./finding.ts";

/** Compares the functions of the schema with this version's, and names those of others. */
export async function examineFunctions(queryable: Queryable, schema: string): Promise<readonly DoctorFinding[]> {
  const rows = await queryable.query(statement(quoteIdentifier(schema)), [schema]);
  const found = new Map(rows.filter(({ kind }) => kind === "function").map(({ name, hash }) => [name ?? "", hash ?? ""]));
  const sets = rows.filter(({ kind }) => kind === "set").map(({ name }) => name ?? "");
  const suffixes = new Set(sets.map((hash) => suffixOf({ hash })));
  const own = suffixOf(functionSet);
  const expected = bodies(schema);
  const reapply = `delete from ${quoteIdentifier(schema)}.function_sets where hash = '${functionSet.hash}'; then run: tidemark migrate up`;
  const missing = [...expected.keys(), ...publicFunctions].filter((name) => !found.has(name));
  const changed = [...expected].filter(([name, hash]) => hash !== undefined && found.has(name) && found.get(name) !== hash);
  const others = sets.filter((hash) => hash !== functionSet.hash);
  const leftOver = [...found.keys()].filter((name) => {
    const suffix = /_[0-9a-f]{8}$/.exec(name)?.[0];
    return suffix !== undefined && suffix !== own && !suffixes.has(suffix);
  });
  return [
    ...missing.map((name) => finding("function-missing", `The function ${name} is missing.`, reapply)),
    ...changed.map(([name]) => finding("function-changed", `The function ${name} has another text than this version's.`, reapply)),
    ...(others.length === 0
      ? []
      : [
          finding(
            "functions-of-another-edition",
            `The schema has the functions of ${others.length} other ${others.length === 1 ? "version" : "versions"} of the library: ${others.map((hash) => hash.slice(0, 8)).join(", ")}.`,
            "Nothing. The sixth set that is added drops the oldest.",
          ),
        ]),
    ...leftOver.map((name) =>
      finding("function-left-over", `The function ${name} belongs to no set.`, `drop function ${quoteIdentifier(schema)}.${quoteIdentifier(name)};`),
    ),
  ];
}

/** The functions of this version's set: name → hash of the body. */
function bodies(schema: string): ReadonlyMap<string, string | undefined> {
  const suffix = suffixOf(functionSet);
  const text = createFunctions(functionSet, schema);
  const found = new Map<string, string | undefined>(functionSet.functions.map(({ name }) => [`${name}${suffix}`, undefined]));
  const starts = [...text.matchAll(/^create or replace function .*?\.(\w+)\(/gm)];
  for (const [index, start] of starts.entries()) {
    const one = text.slice(start.index, starts[index + 1]?.index);
    const body = /\bas \$tidemark\$(.*?)\$tidemark\$/s.exec(one)?.[1];
    if (body !== undefined) found.set(start[1] ?? "", createHash("md5").update(body).digest("hex"));
  }
  return found;
}

/** @param schema - Quoted. */
function statement(schema: string): { readonly name: string; readonly text: string; readonly unprepared: true } {
  return {
    name: "tidemark_schema_functions",
    unprepared: true,
    text: `
select 'function' as kind, p.proname::text as name, pg_catalog.md5(p.prosrc) as hash
  from pg_catalog.pg_proc as p
  join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
 where n.nspname = $1::text
union all
select 'set', f.hash, null from ${schema}.function_sets as f`,
  };
}
