import { sentence } from "../error.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { MigrationChangedError, SchemaTooNewError } from "../errors-opening.ts";
import { DatabaseError, isTidemarkError } from "../errors.ts";
import type { Migration } from "./migrations.ts";

/** A row of the migrations table. */
export interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly hash: string;
  readonly breaking: boolean;
  readonly appliedAt: Date;
}

/** A subquery that gives the whole migrations table as one text, so that it can be a column of another statement. */
export function appliedColumn(schema: string): string {
  return `(
    select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
             'version', version, 'name', name, 'hash', hash, 'breaking', breaking,
             'appliedAt', pg_catalog.floor(extract(epoch from applied_at) * 1000::numeric)) order by version), '[]')::text
      from ${quoteIdentifier(schema)}.migrations
  )`;
}

export function parseApplied(column: string | null | undefined): readonly AppliedMigration[] {
  const rows: readonly (Omit<AppliedMigration, "appliedAt"> & { readonly appliedAt: number })[] = JSON.parse(column ?? "[]");
  return rows.map((row) => ({ ...row, appliedAt: new Date(row.appliedAt) }));
}

/** What was applied to `schema`; nothing where the schema or its migrations table is absent. Takes no lock. */
export async function readApplied(database: Queryable, schema: string, signal?: AbortSignal): Promise<readonly AppliedMigration[]> {
  const statement: Statement = { name: "read_migrations", text: `select ${appliedColumn(schema)} as applied` };
  try {
    const [row] = await database.query(statement, [], { signal });
    return parseApplied(row?.["applied"]);
  } catch (error) {
    if (isAbsent(error)) return [];
    throw explainRead(error, schema);
  }
}

/** Whether the migrations table, or its schema, is not there. */
export function isAbsent(error: unknown): boolean {
  return isTidemarkError(error, "DATABASE") && (error.sqlState === "42P01" || error.sqlState === "3F000");
}

/** What to do when the migrations table cannot be read. */
export function explainRead(error: unknown, schema: string): unknown {
  if (!isTidemarkError(error, "DATABASE")) return error;
  const { sqlState, message } = error;
  const quoted = quoteIdentifier(schema);
  if (sqlState === "42501") {
    return new DatabaseError(
      `${sentence(message)} Let the store's role look: grant usage on schema ${quoted} to …; grant select on ${quoted}.migrations, ${quoted}.events to …; docs/reference/schema.md lists all it needs.`,
      { sqlState, cause: error },
    );
  }
  if (sqlState === "42703") {
    return new DatabaseError(
      `Schema ${JSON.stringify(schema)} holds a table "migrations" that is not tidemark's. Give the store a schema of its own with the option schema.`,
      { sqlState, table: "migrations", cause: error },
    );
  }
  return error;
}

/**
 * The migrations of `shipped` that were not applied yet.
 *
 * @throws {@link SchemaTooNewError} — a migration that `shipped` does not know was applied, and is breaking.
 * @throws {@link MigrationChangedError} — one was applied with another text.
 */
export function pendingMigrations(schema: string, applied: readonly AppliedMigration[], shipped: readonly Migration[]): readonly Migration[] {
  const newest = shipped.at(-1)?.version ?? 0;
  const unknown = applied.findLast(({ version, breaking }) => breaking && version > newest);
  if (unknown) throw new SchemaTooNewError(schema, unknown.version, newest);
  const hashes = new Map(applied.map(({ version, hash }) => [version, hash]));
  for (const { version, hash } of shipped) {
    const found = hashes.get(version);
    if (found !== undefined && found !== hash) throw new MigrationChangedError(schema, version, found, hash);
  }
  return shipped.filter(({ version }) => !hashes.has(version));
}
