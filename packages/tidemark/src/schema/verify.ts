import type { Queryable } from "../database/database.ts";
import { SchemaOutdatedError } from "../errors-opening.ts";
import { type AppliedMigration, pendingMigrations, readApplied } from "./applied.ts";
import { migrations } from "./migrations.ts";

/**
 * Checks that this package can work with `schema`. A newer schema passes unless one of its new migrations is breaking.
 *
 * @throws {@link SchemaOutdatedError} — a migration of this package was not applied.
 * @throws {@link SchemaTooNewError}, {@link MigrationChangedError} — see `pendingMigrations`.
 */
export async function verify(database: Queryable, schema: string): Promise<void> {
  verifyApplied(schema, await readApplied(database, schema));
}

export function verifyApplied(schema: string, applied: readonly AppliedMigration[]): void {
  const [missing] = pendingMigrations(schema, applied, migrations);
  if (missing) throw new SchemaOutdatedError(schema, missing.version - 1, migrations.length);
}

export interface MigrationStatus {
  readonly version: number;
  readonly name: string;
  readonly breaking: boolean;
  /** `"unknown"`: applied by a newer version of this package. */
  readonly state: "applied" | "pending" | "unknown";
  readonly appliedAt: Date | undefined;
  /** Whether it was applied with this package's text; undefined unless `"applied"`. */
  readonly hashMatches: boolean | undefined;
}

/** Every migration of this package and of the schema, by version. Judges nothing. */
export async function migrationStatus(database: Queryable, schema: string): Promise<readonly MigrationStatus[]> {
  const applied = new Map((await readApplied(database, schema)).map((row) => [row.version, row]));
  const known = migrations.map(({ version, name, breaking, hash }): MigrationStatus => {
    const row = applied.get(version);
    applied.delete(version);
    return { version, name, breaking, state: row ? "applied" : "pending", appliedAt: row?.appliedAt, hashMatches: row && row.hash === hash };
  });
  const unknown = [...applied.values()].map(({ version, name, breaking, appliedAt }): MigrationStatus => ({
    version,
    name,
    breaking,
    state: "unknown",
    appliedAt,
    hashMatches: undefined,
  }));
  return [...known, ...unknown];
}
