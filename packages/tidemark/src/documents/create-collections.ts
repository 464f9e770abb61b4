import { sentence } from "../errors/tidemark-error.ts";
import type { Database, Queryable, Session } from "../database/database.ts";
import type { IndexWatch } from "../database/index-build-watch.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { DatabaseError } from "../errors/database.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";
import { quoteLiteral } from "../schema/render.ts";
import { type Collection, tableName } from "./collection.ts";
import { indexName } from "./collection-index.ts";
import { collectionMark, indexSql, liveSql, tableSql } from "./collection-sql.ts";
import { reconcileIndexes } from "./reconcile-indexes.ts";

export interface CreatedCollection extends Collection {
  /** False: its view is left to the swap, so that nobody reads half of its documents there. @defaultValue true */
  readonly serves?: boolean;
}

/** What stands in the schema under the names that collections would have. */
type Relations = ReadonlyMap<string, { readonly kind: string; readonly ours: boolean; readonly valid: boolean }>;

/** A process that stands still while it creates keeps others from opening for no longer. */
const idleTimeoutMs = 5_000;

const separator = "\u001f";

/**
 * Creates the tables and indexes of collections that are not there yet; where a collection has no live version yet, one that serves becomes it.
 * What exists is left alone, and then this is one read without locks. An index of a table that is there already is built beside its
 * writers. Any number of processes may do this at once.
 *
 * @throws {@link InvalidArgumentError} — a relation of another's has the name of a collection or of its table.
 * @throws {@link IndexRefusedError} — documents repeat a value at the paths of a new unique index.
 * @throws {@link DatabaseError} — the role may not create tables in the schema (42501).
 */
export async function createCollections(database: Database, schema: string, collections: readonly CreatedCollection[], watch: IndexWatch = {}): Promise<void> {
  if (collections.length === 0) return;
  try {
    let found = await relations(database, schema, collections);
    if (missing(found, schema, collections) !== "") {
      await database.transaction(
        async (session) => {
          await session.execute(enter(schema), { timeoutMs: 0 });
          // Another process may have created them while this one waited.
          found = await relations(session, schema, collections);
          const script = missing(found, schema, collections);
          if (script === "") return;
          await session.execute(script, { timeoutMs: 0 });
          found = await relations(session, schema, collections);
        },
        { idleTimeoutMs },
      );
    }
    for (const collection of collections) {
      if (indexNames(collection).some((name) => found.get(name)?.valid !== true)) await reconcileIndexes(database, schema, collection, watch);
    }
  } catch (error) {
    throw explain(error, schema);
  }
}

/** Makes a version the live one, in the transaction of `session`: see `liveSql`. */
export async function makeLive(session: Session, schema: string, collection: Collection): Promise<void> {
  await session.execute(liveSql(schema, collection));
}

/** One creator at a time. One 64-bit key, as migrations have: the locks of appends have two, so they never meet. */
function enter(schema: string): string {
  return `
set local lock_timeout = 0;
set local statement_timeout = 0;
set local client_min_messages = warning;
select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${quoteLiteral(`tidemark collections of ${schema}`)}, 0));`;
}

async function relations(queryable: Queryable, schema: string, collections: readonly Collection[]): Promise<Relations> {
  const text = `
    select c.relname::text as name, c.relkind::text as kind, (pg_catalog.obj_description(c.oid, 'pg_class') = '${collectionMark}')::text as ours,
           (select i.indisvalid from pg_catalog.pg_index as i where i.indexrelid = c.oid)::text as valid
      from pg_catalog.pg_class as c
      join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = any (pg_catalog.string_to_array($2, pg_catalog.chr(31))::name[])`;
  const names = collections.flatMap((collection) => [collection.collection, tableName(collection), ...indexNames(collection)]);
  const rows = await queryable.query({ name: "tidemark_collections", text }, [schema, names.join(separator)]);
  return new Map(rows.map(({ name, kind, ours, valid }) => [name ?? "", { kind: kind ?? "", ours: ours === "true", valid: valid === "true" }]));
}

/** The script that creates the tables that are missing, with their indexes, and views; empty where none is. */
function missing(found: Relations, schema: string, collections: readonly CreatedCollection[]): string {
  const live = new Set<string>();
  return collections
    .map((collection) => {
      const indexes = (collection.indexes ?? []).map((index) => indexSql(schema, collection, index));
      const table = isOurs(found, tableName(collection), "r") ? "" : [tableSql(schema, collection), ...indexes].join("");
      if (isOurs(found, collection.collection, "v") || live.has(collection.collection) || collection.serves === false) return table;
      live.add(collection.collection);
      return table + liveSql(schema, collection);
    })
    .join("");
}

function indexNames(collection: Collection): string[] {
  return collection.indexes?.map((index) => indexName(tableName(collection), index, collection.deletes)) ?? [];
}

function isOurs(found: Relations, name: string, kind: "r" | "v"): boolean {
  const relation = found.get(name);
  if (relation === undefined) return false;
  if (relation.ours && relation.kind === kind) return true;
  throw new InvalidArgumentError(
    "collection",
    `needs the name ${JSON.stringify(name)}, which another relation of the store's schema has. Choose another collection, or another schema for the store.`,
  );
}

function explain(error: unknown, schema: string): unknown {
  if (!isTidemarkError(error, "DATABASE") || error.sqlState !== "42501") return error;
  return new DatabaseError(
    `${sentence(error.message)} This role may not create the tables of collections: open the store once as a role that may, or grant usage, create on schema ${quoteIdentifier(schema)} to it.`,
    { sqlState: error.sqlState, cause: error },
  );
}
