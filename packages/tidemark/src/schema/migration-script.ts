import type { Migration } from "./migrations.ts";
import { quoteLiteral, renderSql } from "./render.ts";

/**
 * The table that says what was applied. It belongs to no migration, since each of them begins by writing its row here.
 * applied_by is the role's name.
 */
export const createMigrationsTable = `create table :"schema".migrations (
  version integer not null,
  name text collate "C" not null,
  hash text collate "C" not null,
  breaking boolean not null,
  applied_at timestamptz(3) not null default pg_catalog.clock_timestamp(),
  applied_by text collate "C" not null default current_user,
  constraint migrations_pkey primary key (version),
  constraint migrations_version_check check (version > 0)
);`;

/**
 * Lets one migrator at a time into a schema, until its transaction ends. One 64-bit key: the locks of appends have two, so
 * they never meet. Schemas whose names have the same hash wait for each other, no more.
 */
export function migrationLock(schema: string): string {
  return `select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended(${quoteLiteral(`tidemark migrations of ${schema}`)}, 0));`;
}

/** One migration, ready to run. Its row comes first: a migrator without the lock fails there, before it changes anything. */
export function migrationScript({ version, name, hash, breaking, text }: Migration, schema: string): string {
  const row = [version, quoteLiteral(name), quoteLiteral(hash), breaking].join(", ");
  return `${renderSql(`insert into :"schema".migrations (version, name, hash, breaking)`, schema)}
values (${row});

${renderSql(text, schema)}`;
}
