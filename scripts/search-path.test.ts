import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { schemaFolder } from "./embed-sql.ts";
import { readFunctions } from "./sql/functions.ts";
import { calls, exposed, safePath, unqualified, unqualifiedInModule } from "./sql/search-path.ts";

const source = join(schemaFolder, "..");
/** Messages of the command hold jq's functions, those of the catalogue, of sinks and of a relay's definition their own; the test kit has no SQL. */
const withoutSql = ["cli/**", "catalogue/**", "sinks/**", "relays/{define-relay,outgoing-message}.ts", "testing/**", "**/*.generated.ts"];
const modules = globSync("**/*.ts", { cwd: source, exclude: withoutSql }).map((file) => ({
  file,
  text: readFileSync(join(source, file), "utf8"),
}));

/** Steps of an append: only other functions call them, and give them their search_path. */
const inner = new Set([
  "claims_of_conditions",
  "claims_of_events",
  "enter_gate",
  "failed_conditions",
  "find_streams",
  "hold_floor",
  "keep_event_ids",
  "lock_streams",
  "rarest_tag",
  "refuse_stale_look",
  "refuse_unseen_events",
  "repeated_events",
  "take_claims",
]);

describe("whatever overloads stand in the search_path", () => {
  test("statements of the library name the schema of what they call", () => {
    const found = modules.flatMap(({ file, text }) => unqualifiedInModule(text).map((place) => `${file}:${place}`));
    expect(found).toEqual([]);
  });

  test("functions run in pg_catalog, or name the schema of what they call", async () => {
    const functions = await readFunctions(join(schemaFolder, "functions"));
    expect(functions.length).toBeGreaterThan(40);
    const tables = globSync("tables/**/*.sql", { cwd: schemaFolder }).map((name) => ({ name, text: readFileSync(join(schemaFolder, name), "utf8") }));
    const ofTables = tables.filter(({ text }) => text.includes("create function"));
    expect(ofTables.length).toBeGreaterThan(0);
    expect(exposed([...functions, ...ofTables], inner)).toEqual([]);
    expect([...inner].filter((name) => modules.some(({ text }) => calls(text, name)))).toEqual([]);
    expect(modules.some(({ text }) => calls(text, "append_one"))).toBe(true);
  });
});

test("no constant of the SQL files holds a backslash, which standard_conforming_strings = off reads in another way", () => {
  const files = globSync("{tables,functions}/**/*.sql", { cwd: schemaFolder });
  expect(files.length).toBeGreaterThan(50);
  expect(files.filter((file) => readFileSync(join(schemaFolder, file), "utf8").replaceAll(/--.*$/gm, "").includes("\\"))).toEqual([]);
});

test("JSON is sent as text: a client that is told of a parameter of type jsonb, as postgres.js is, would write its text as a JSON string", () => {
  const found = modules.flatMap(({ file, text }) => [...text.matchAll(/(?:\$\d+|\)\})::jsonb?\b/g)].map(([cast]) => `${file}: ${cast}`));
  expect(found).toEqual([]);
});

describe("the look for calls without a schema", () => {
  test.each([
    ["select cardinality($1)", ["cardinality()"]],
    ["select pg_catalog.unnest(string_to_array($1, chr(30)))", ["string_to_array()", "chr()"]],
    ["select * from unnest($1)", ["unnest()"]],
    ["where e.tags @> $1 and d.data -> 'a' ->> 'b(' is null", ["@>", "->", "->>"]],
    ["where c.path = $3::integer[] and c.id = any ($1::bigint[])", ["="]],
    ["set due_at = pg_catalog.now() + $3 * interval '1 s', later = pg_catalog.now() + $4::float8 * interval '1 s'", ["*"]],
  ])("finds those of %s", (sql, found) => {
    expect(unqualified(sql)).toEqual(found);
  });

  test.each([
    'select coalesce(pg_catalog.max(e.position), 0) from "s".events as e where e.tags operator(pg_catalog.@>) $1',
    "select * from unnest(pg_catalog.string_to_array($1, 'chr(30)'), $2) as k (tenant, id)",
    'select "s".append_one($1), d.n::timestamptz(3) from d where a >= b and a <> c and a <= d',
  ])("lets %s pass", (sql) => {
    expect(unqualified(sql)).toEqual([]);
  });

  test("finds them in templates and not in comments", () => {
    expect(unqualifiedInModule("// now()\nconst a = `select ${b}.c(max(d))`;\nconst e = b.min(1);")).toEqual(["2: max()"]);
  });

  test("finds functions without the setting", () => {
    const text = (line: string, call: string): string =>
      `create function :"schema".f() returns text\n  language plpgsql\n${line}as $tidemark$\nbegin\n  -- now()\n  return ${call};\nend\n$tidemark$;\n`;
    const f = (line: string, call: string) => ({ name: "f", text: text(line, call) });
    expect(exposed([f("", "md5('a')")], new Set())).toEqual(["f"]);
    expect(exposed([f(`  ${safePath}\n`, "md5('a')"), f("", "pg_catalog.md5('a')")], new Set())).toEqual([]);
    expect(exposed([f("", "md5('a')")], new Set(["f"]))).toEqual([]);
  });
});
