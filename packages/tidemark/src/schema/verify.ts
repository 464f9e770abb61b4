import type { Queryable } from "../database/database.ts";
import { SchemaOutdatedError } from "../errors/opening.ts";
import { type AppliedSchema, pendingMigrations, pendingSteps, readApplied } from "./applied.ts";
import { migrations, shippedSchema } from "./migrations.ts";

/**
 * Checks that this package can work with `schema`. A newer schema passes unless one of its new migrations is breaking.
 *
 * @throws {@link SchemaOutdatedError} — a migration of this package was not applied.
 * @throws {@link SchemaTooNewError}, {@link MigrationChangedError} — see `pendingMigrations`.
 */
export async function verify(database: Queryable, schema: string): Promise<void> {
  verifyApplied(schema, await readApplied(database, schema));
}

export function verifyApplied(schema: string, applied: AppliedSchema): void {
  const [missing] = pendingMigrations(schema, applied, migrations);
  if (missing) throw new SchemaOutdatedError(schema, missing.version - 1, migrations.length);
  const [step] = pendingSteps(schema, applied, shippedSchema);
  if (step) throw new SchemaOutdatedError(schema, migrations.length, migrations.length, step.hash.slice(0, 8));
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

export interface FunctionsStatus {
  readonly hash: string;
  /** `"applied"`, `"pending"`: this package's own set. `"other"`: one of another version of it. */
  readonly state: "applied" | "pending" | "other";
  readonly appliedAt: Date | undefined;
}

export interface SchemaStatus {
  /** Every migration of this package and of the schema, by version. */
  readonly migrations: readonly MigrationStatus[];
  /** Every set of functions, in the order in which they were added; this package's last where it is pending. */
  readonly functions: readonly FunctionsStatus[];
}

/** What this package needs and what the schema has. Judges nothing. */
export async function schemaStatus(database: Queryable, schema: string): Promise<SchemaStatus> {
  const applied = await readApplied(database, schema);
  return { migrations: migrationStatus(applied), functions: functionsStatus(applied) };
}

function functionsStatus(applied: AppliedSchema): readonly FunctionsStatus[] {
  const { hash } = shippedSchema.functions;
  const found = applied.functions.map((row): FunctionsStatus => ({ ...row, state: row.hash === hash ? "applied" : "other" }));
  return found.some(({ state }) => state === "applied") ? found : [...found, { hash, state: "pending", appliedAt: undefined }];
}

function migrationStatus({ migrations: rows }: AppliedSchema): readonly MigrationStatus[] {
  const applied = new Map(rows.map((row) => [row.version, row]));
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
