import { quoteLiteral } from "../schema/render.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { type ValidIndex, indexName } from "./collection-index.ts";
import { keySql } from "./condition-sql.ts";
import { pathSql } from "./document-path.ts";
import { type Collection, quotedTable, quotedView, tableName } from "./collection.ts";

/** Marks the store's own relations, so that a collection never takes over a foreign table. It survives a dump. */
export const collectionMark = "tidemark collection";

/**
 * The table of one version, with the columns of Pongo's collections, so that a Pongo client reads it. Where Pongo's key is
 * `_id` alone, here it is the tenant and `_id`. A tenant-less store's `_partition` is empty.
 */
export function tableSql(schema: string, collection: Collection): string {
  const table = quotedTable(schema, collection);
  return `
create table ${table} (
  _id text collate "C" not null,
  data jsonb not null,
  metadata jsonb not null default '{}',
  _version bigint not null default 1,
  _partition text collate "C" not null default '',
  _archived boolean not null default false,
  _created timestamptz(3) not null default pg_catalog.clock_timestamp(),
  _updated timestamptz(3) not null default pg_catalog.clock_timestamp(),
  constraint ${quoteIdentifier(`${tableName(collection)}_pkey`)} primary key (_partition, _id)
);
comment on table ${table} is ${quoteLiteral(collectionMark)};`;
}

/**
 * An index that conditions and orders on its paths use, one tenant's documents side by side. The id comes last, so that an order
 * that rises needs no sorting.
 *
 * A unique one holds besides the keys what they leave out of long texts: nothing and null become SQL nulls there, which are
 * never the same. Arrays and objects, which are all one key, are left out.
 */
export function indexSql(schema: string, collection: Collection, index: ValidIndex, how: "" | "concurrently" = ""): string {
  const table = tableName(collection);
  const { columns, where } = index.unique
    ? uniqueKeys(schema, collection, index)
    : { columns: ["_partition", ...index.paths.map((steps) => `(${keySql(schema, steps, "data")})`), "_id"], where: undefined };
  return `
create ${index.unique ? "unique " : ""}index ${how} ${quoteIdentifier(indexName(table, index, collection.deletes))} on ${quotedTable(schema, collection)}
  (${columns.join(", ")})${where === undefined ? "" : `\n  where ${where}`};`;
}

/** What a unique index holds of a row, and which rows. */
export function uniqueKeys(schema: string, { deletes }: Collection, { paths }: ValidIndex): { readonly columns: readonly string[]; readonly where: string } {
  const keys = paths.map((steps) => keySql(schema, steps, "data"));
  return {
    columns: ["_partition", ...keys.map((key) => `(${key})`), ...paths.map((steps) => `(${restSql(steps)})`)],
    where: [...keys.map((key) => `${key} < 't'`), ...(deletes === "soft" ? ["not _archived"] : [])].join(" and "),
  };
}

function restSql(steps: readonly string[]): string {
  return `pg_catalog.md5(pg_catalog.substr(${pathSql(steps, "data")} operator(pg_catalog.#>>) '{}', 151))`;
}

/**
 * Makes a version the live one: `<collection>` shows its documents from the commit on. The view stays the same object, so
 * its grants and what depends on it stay too. PostgreSQL would pass writes through to the table; a trigger refuses them, since a client
 * of document databases knows neither tenants nor events, and it does not look at _archived either. ACCESS EXCLUSIVE on the view alone: who reads it at that moment is waited for.
 */
export function liveSql(schema: string, collection: Collection): string {
  const view = quotedView(schema, collection.collection);
  return `
create or replace view ${view} as
  select _id, data, metadata, _version, _partition, _archived, _created, _updated
    from ${quotedTable(schema, collection)}
   where not _archived;
create or replace trigger documents_read_only
  instead of insert or update or delete on ${view}
  for each row execute function ${quoteIdentifier(schema)}.refuse_change(
    'its documents are made of events, of all tenants, and would be lost or mixed up',
    'Append an event that the projection handles.');
comment on view ${view} is ${quoteLiteral(collectionMark)};`;
}
