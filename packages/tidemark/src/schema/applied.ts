import { sentence } from "../errors/tidemark-error.ts";
import type { Queryable, Statement } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import { MigrationChangedError, SchemaTooNewError } from "../errors/opening.ts";
import { DatabaseError } from "../errors/database.ts";
import { isTidemarkError } from "../errors/errors.ts";
import type { Migration, SchemaStep, ShippedSchema } from "./migrations.ts";

/** A row of the table `migrations`. */
export interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly hash: string;
  readonly breaking: boolean;
  readonly appliedAt: Date;
}

/** A row of the table `function_sets`. */
export interface AppliedFunctions {
  readonly hash: string;
  readonly appliedAt: Date;
}

/** What was applied to a schema. */
export interface AppliedSchema {
  /** By version. */
  readonly migrations: readonly AppliedMigration[];
  /** Every set that is there, the newest last. */
  readonly functions: readonly AppliedFunctions[];
}

const nothing: AppliedSchema = { migrations: [], functions: [] };

/** A subquery that gives both tables as one text, so that it can be a column of another statement. */
export function appliedColumn(schema: string): string {
  const quoted = quoteIdentifier(schema);
  const appliedAt = "pg_catalog.floor(extract(epoch from applied_at) * 1000::numeric)";
  return `(
    select pg_catalog.json_build_object(
             'migrations', (
               select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                        'version', version, 'name', name, 'hash', hash, 'breaking', breaking, 'appliedAt', ${appliedAt}) order by version), '[]')
                 from ${quoted}.migrations),
             'functions', (
               select coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('hash', hash, 'appliedAt', ${appliedAt}) order by applied_at, hash), '[]')
                 from ${quoted}.function_sets)
           )::text
  )`;
}

type WithTime<T> = Omit<T, "appliedAt"> & { readonly appliedAt: number };

export function parseApplied(column: string | null | undefined): AppliedSchema {
  if (column === null || column === undefined) return nothing;
  const found: { readonly migrations: readonly WithTime<AppliedMigration>[]; readonly functions: readonly WithTime<AppliedFunctions>[] } = JSON.parse(column);
  return {
    migrations: found.migrations.map((row) => ({ ...row, appliedAt: new Date(row.appliedAt) })),
    functions: found.functions.map((row) => ({ ...row, appliedAt: new Date(row.appliedAt) })),
  };
}

/** What was applied to `schema`; nothing where the schema or one of the two tables is absent. Takes no lock. */
export async function readApplied(database: Queryable, schema: string, signal?: AbortSignal): Promise<AppliedSchema> {
  const statement: Statement = { name: "tidemark_read_migrations", text: `select ${appliedColumn(schema)} as applied` };
  try {
    const [row] = await database.query(statement, [], { signal });
    return parseApplied(row?.["applied"]);
  } catch (error) {
    if (isAbsent(error)) return nothing;
    throw explainRead(error, schema);
  }
}

/** Whether the tables that tell what was applied, or their schema, are not there. */
export function isAbsent(error: unknown): boolean {
  return isTidemarkError(error, "DATABASE") && (error.sqlState === "42P01" || error.sqlState === "3F000");
}

/** What to do when the tables that tell what was applied cannot be read. */
export function explainRead(error: unknown, schema: string): unknown {
  if (!isTidemarkError(error, "DATABASE")) return error;
  const { sqlState, message } = error;
  const quoted = quoteIdentifier(schema);
  if (sqlState === "42501") {
    return new DatabaseError(
      `${sentence(message)} Let the store's role look: grant usage on schema ${quoted} to …; grant select on ${quoted}.migrations, ${quoted}.function_sets, ${quoted}.events to …; docs/reference/schema.md lists all it needs.`,
      { sqlState, cause: error },
    );
  }
  if (sqlState === "42703") {
    return new DatabaseError(
      `Schema ${JSON.stringify(schema)} holds a table "migrations" that does not belong to tidemark. Choose another schema for the store with the option schema.`,
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
export function pendingMigrations(schema: string, { migrations: applied }: AppliedSchema, shipped: readonly Migration[]): readonly Migration[] {
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

/**
 * What brings the schema to what `shipped` needs: its pending migrations in order, then its set of functions where that is
 * not there. A set may refer to tables that only the last migration creates.
 *
 * @throws As `pendingMigrations`.
 */
export function pendingSteps(schema: string, applied: AppliedSchema, shipped: ShippedSchema): readonly SchemaStep[] {
  const migrations = pendingMigrations(schema, applied, shipped.migrations);
  return applied.functions.some(({ hash }) => hash === shipped.functions.hash) ? migrations : [...migrations, shipped.functions];
}
