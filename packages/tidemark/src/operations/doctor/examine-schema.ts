import { quoteIdentifier } from "../../database/identifier.ts";
import type { Queryable } from "../../database/database.ts";
import { isTidemarkError } from "../../errors/errors.ts";
import { chainTrigger } from "../../schema/event-chain.ts";
import { logIndexes } from "../../schema/log-indexes.ts";
import { migrations } from "../../schema/migrations.ts";
import { type DoctorFinding, finding } from "./finding.ts";
import { schemaManifest } from "./schema-manifest.generated.ts";
import { schemaObjects } from "./schema-objects.ts";

/** Compares what the schema holds with what the migrations of this version make of one. */
export async function examineSchema(queryable: Queryable, schema: string): Promise<readonly DoctorFinding[]> {
  const found = await schemaObjects(queryable, schema);
  const newer = await isNewer(queryable, schema);
  const optional = new Set([...logIndexes.map(({ name }) => `index events.${name}`), `trigger events.${chainTrigger}`]);
  const missing = Object.keys(schemaManifest).filter((object) => !Object.hasOwn(found, object));
  const missingTables = new Set(missing.filter((object) => object.startsWith("table ")).map((object) => object.slice("table ".length)));
  if (Object.keys(schemaManifest).every((object) => !object.startsWith("table ") || missingTables.has(nameOf(object)))) return [noStore(schema)];
  const strange = Object.keys(found).filter((object) => !Object.hasOwn(schemaManifest, object) && !optional.has(object));
  const strangeTables = new Set(strange.filter((object) => object.startsWith("table ")).map((object) => object.slice("table ".length)));
  /** Of a table that is missing, or strange, as a whole: that says it all. */
  const isPartOf = (object: string, tables: ReadonlySet<string>): boolean => !object.startsWith("table ") && tables.has(tableOf(object));
  const lacking = missing.filter((object) => !isPartOf(object, missingTables)).map((object) => missingObject(object, schema));
  if (newer) return lacking;
  return [
    ...lacking,
    ...Object.entries(schemaManifest)
      .filter(([object, definition]) => Object.hasOwn(found, object) && found[object] !== definition)
      .map(([object, definition]) => changedObject(object, { definition, found: found[object] ?? "" }, schema)),
    ...strange.filter((object) => !isPartOf(object, strangeTables)).map((object) => strangeObject(object, schema)),
  ];
}

/** Whether a newer version migrated the schema, during a deployment say: what it made is not to be called strange, and dropped. */
async function isNewer(queryable: Queryable, schema: string): Promise<boolean> {
  const text = `select pg_catalog.max(m.version)::text as version from ${quoteIdentifier(schema)}.migrations as m`;
  try {
    const [row] = await queryable.query({ name: "tidemark_newest_migration", text, unprepared: true }, []);
    return Number(row?.["version"] ?? 0) > migrations.length;
  } catch (error) {
    // Without that table nothing says so, and its absence is a finding.
    if (isTidemarkError(error, "DATABASE")) return false;
    throw error;
  }
}

/** `column events.position`: `events` */
function tableOf(object: string): string {
  const [, name = ""] = object.split(" ");
  return name.split(".")[0] ?? "";
}

function nameOf(object: string): string {
  const [, name = ""] = object.split(" ");
  return name.split(".").at(-1) ?? "";
}

function noStore(schema: string): DoctorFinding {
  return finding(
    "object-missing",
    `The schema ${JSON.stringify(schema)} holds no store.`,
    "Run tidemark migrate up, or name the schema that holds it: --schema, or TIDEMARK_SCHEMA.",
  );
}

function missingObject(object: string, schema: string): DoctorFinding {
  const what = `The ${object} is missing.`;
  const definition = schemaManifest[object] ?? "";
  const table = `${quoteIdentifier(schema)}.${quoteIdentifier(tableOf(object))}`;
  const name = quoteIdentifier(nameOf(object));
  if (object.startsWith("index "))
    return finding(
      "object-missing",
      what,
      `${definition.replace("CREATE INDEX", "create index concurrently").replace(` ON ${tableOf(object)}`, ` on ${table}`)};`,
    );
  if (object.startsWith("constraint ")) return finding("object-missing", what, `alter table ${table} add constraint ${name} ${definition};`);
  return finding(
    "object-missing",
    what,
    `Restore it from a backup, or from a schema that tidemark migrate up creates elsewhere${definition === "" ? "." : `: ${definition}`}`,
  );
}

function changedObject(object: string, { definition, found }: { readonly definition: string; readonly found: string }, schema: string): DoctorFinding {
  const what = `The ${object} is ${JSON.stringify(found)}, not ${JSON.stringify(definition)}.`;
  const table = `${quoteIdentifier(schema)}.${quoteIdentifier(tableOf(object))}`;
  if (object.startsWith("trigger ") && found === `${definition} (disabled)`)
    return finding("object-changed", what, `alter table ${table} enable trigger ${quoteIdentifier(nameOf(object))};`);
  return finding("object-changed", what, `Change it back in ${table}.`);
}

function strangeObject(object: string, schema: string): DoctorFinding {
  const kind = object.split(" ")[0] ?? "";
  const [table, name] = [`${quoteIdentifier(schema)}.${quoteIdentifier(tableOf(object))}`, quoteIdentifier(nameOf(object))];
  const drops: Readonly<Record<string, string>> = {
    index: `drop index concurrently ${quoteIdentifier(schema)}.${name};`,
    trigger: `drop trigger ${name} on ${table};`,
    constraint: `alter table ${table} drop constraint ${name};`,
    column: `alter table ${table} drop column ${name};`,
  };
  const drop = drops[kind] ?? `drop ${kind} ${quoteIdentifier(schema)}.${name};`;
  return finding("object-left-over", `The ${object} is none of the library's.`, `If you do not need it: ${drop}`);
}
