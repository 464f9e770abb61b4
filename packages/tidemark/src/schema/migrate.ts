import { sentence } from "../errors/tidemark-error.ts";
import { retry } from "../async/retry.ts";
import type { Database } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifier.ts";
import type { Logger } from "../model/logger.ts";
import { DatabaseError } from "../errors/database.ts";
import { isTidemarkError } from "../errors/errors.ts";
import { pendingSteps, readApplied } from "./applied.ts";
import { createBookkeeping, migrationLock, stepScript } from "./migration-script.ts";
import { nameOfStep, type SchemaStep, type ShippedSchema, shippedSchema } from "./migrations.ts";
import { quoteLiteral, renderSql } from "./render.ts";

export interface MigrateOptions {
  /** Told of each step that was applied. */
  readonly logger?: Logger;
  /** Milliseconds that a migration waits for a lock before it lets everyone queued behind it go and tries again. @defaultValue 5,000 */
  readonly lockTimeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** In place of this package's own. */
  readonly shipped?: ShippedSchema;
}

/**
 * Brings `schema` up to date, each migration and then the set of functions in a transaction of its own, and returns what it
 * applied. Where nothing is pending this is one read without locks. Any number of processes may do this at once.
 *
 * @throws {@link SchemaTooNewError}, {@link MigrationChangedError} — see `pendingMigrations`.
 * @throws {@link DatabaseError} — the role may not create what a migration creates (42501), a lock was not free in six
 * tries (55P03), the server is a standby (25006), or a migration failed. What was applied before stays.
 */
export async function migrate(
  database: Database,
  schema: string,
  { logger, lockTimeoutMs = 5_000, signal, shipped = shippedSchema }: MigrateOptions = {},
): Promise<readonly SchemaStep[]> {
  const applied: SchemaStep[] = [];
  let pending = pendingSteps(schema, await readApplied(database, schema, signal), shipped).length > 0;
  while (pending) {
    const startedAt = performance.now();
    const next = await retry(() => applyNext(database, schema, shipped, lockTimeoutMs, signal), {
      attempts: 6,
      firstMs: 200,
      mostMs: 2_000,
      signal,
      retryable: passes,
      onRetry: (error) =>
        logger?.info(`tidemark: migrating schema ${JSON.stringify(schema)} continues after: ${error instanceof Error ? error.message : String(error)}`),
    }).catch(async (error: unknown) => {
      throw await explain(error, database, schema);
    });
    pending = next !== undefined;
    if (next) {
      applied.push(next);
      logger?.info(`tidemark: applied ${nameOfStep(next)} to schema ${JSON.stringify(schema)} in ${Math.round(performance.now() - startedAt)} ms`);
    }
  }
  return applied;
}

/** Applies the first step that is still pending once the lock is held; undefined where another process did it all. */
function applyNext(
  database: Database,
  schema: string,
  shipped: ShippedSchema,
  lockTimeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<SchemaStep | undefined> {
  return database.transaction(async (session) => {
    await session.execute(enter(schema, lockTimeoutMs), { signal });
    const [next] = pendingSteps(schema, await readApplied(session, schema, signal), shipped);
    // An index on a large log takes as long as it takes; who waits for a lock has lock_timeout.
    if (next) await session.execute(stepScript(next, schema), { timeoutMs: 0, signal });
    return next;
  });
}

/**
 * Bodies of functions are not compiled here, as in a dump that is restored: that is half of the time that a new schema takes, and
 * `migrationSql`, which leaves it to the server, shows that they can be.
 *
 * `create … if not exists` asks for the privilege to create even where everything exists, so existence is looked up: a
 * schema that an administrator prepared is enough.
 */
function enter(schema: string, lockTimeoutMs: number): string {
  const quoted = quoteIdentifier(schema);
  return `
set local lock_timeout = ${Math.ceil(lockTimeoutMs)};
set local statement_timeout = 0;
set local search_path = '';
set local client_min_messages = warning;
set local check_function_bodies = off;
${migrationLock(schema)}
do $tidemark$
begin
  if pg_catalog.to_regnamespace(${quoteLiteral(quoted)}) is null then
    create schema ${quoted};
  end if;
  if pg_catalog.to_regclass(${quoteLiteral(`${quoted}.migrations`)}) is null then
    ${renderSql(createBookkeeping, schema)}
  end if;
end
$tidemark$;`;
}

/** Made by a process that does not take the migration lock, between our look and our own creation. */
const racedConstraints = new Set([
  "pg_namespace_nspname_index",
  "pg_class_relname_nsp_index",
  "pg_type_typname_nsp_index",
  "migrations_pkey",
  "function_sets_pkey",
]);

/** What may be retried, but not within seconds: it was cancelled, or cut off, because its time was up; the server is a standby. */
const wouldFailAgain = new Set(["57014", "25P04", "25006"]);

/** Whether another try can succeed. Every try looks again under the lock, so even a commit without an answer may be tried again. */
function passes(error: unknown): boolean {
  if (!isTidemarkError(error)) return false;
  if (!isTidemarkError(error, "DATABASE")) return error.retryable || error.code === "OUTCOME_UNKNOWN";
  const { sqlState, constraint } = error;
  if (sqlState === "23505") return constraint !== undefined && racedConstraints.has(constraint);
  if (wouldFailAgain.has(sqlState)) return false;
  return sqlState === "42P06" || sqlState === "42P07" || error.retryable;
}

async function explain(error: unknown, database: Database, schema: string): Promise<unknown> {
  if (!isTidemarkError(error, "DATABASE")) return error;
  const { sqlState, message } = error;
  if (sqlState === "55P03") {
    return new DatabaseError(
      `${sentence(message)} Migrating schema ${JSON.stringify(schema)} found a lock taken six times in a row. Another process is migrating it, or a transaction that uses its tables is open (see pg_stat_activity). Nothing of this migration was written.`,
      { sqlState, retryable: true, cause: error },
    );
  }
  if (sqlState !== "42501") return error;
  const grant = await grantToCreate(database, schema);
  return new DatabaseError(
    `${sentence(message)} Schema ${JSON.stringify(schema)} has migrations to apply, and this role may not apply them. Run "npx tidemark migrate up" as a role that may, have the output of "npx tidemark migrate sql" applied, or allow it: ${grant}`,
    { sqlState, cause: error },
  );
}

async function grantToCreate(database: Database, schema: string): Promise<string> {
  const text = `
    select case when pg_catalog.to_regnamespace($1) is null
             then pg_catalog.format('grant create on database %I to %I;', pg_catalog.current_database(), current_user)
             else pg_catalog.format('grant usage, create on schema %s to %I;', $1, current_user)
           end as statement`;
  const [row] = await database.query({ name: "tidemark_grant_to_create", text }, [quoteIdentifier(schema)]);
  return row?.["statement"] ?? "";
}
