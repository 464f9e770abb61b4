import { wholeNumber } from "../arguments/checks.ts";
import { checkSchemaName } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { createBookkeeping, migrationLock, stepScript } from "./migration-script.ts";
import { migrations, nameOfStep, shippedSchema } from "./migrations.ts";
import { renderSql } from "./render.ts";

/**
 * Options of `migrationSql`.
 *
 * @example
 * ```ts
 * const options: MigrationSqlOptions = { schema: "shop", from: 0 };
 * ```
 */
export interface MigrationSqlOptions {
  /** The PostgreSQL schema that holds the store, 1–63 bytes. @defaultValue "tidemark" */
  readonly schema?: string;
  /** The newest migration of tables that the schema has; 0 for none, so that the script creates everything. @defaultValue 0 */
  readonly from?: number;
}

const newest = migrations.length;
const shape = { schema: checkSchemaName, from: wholeNumber(0, newest) };

/**
 * Returns the store's migrations as one SQL script, for psql or any migration tool: the tables after migration `from`, then this
 * version's functions. It records them as `migrate: "auto"` does, so a store opened with `migrate: "verify"` accepts the schema. The
 * same options give the same text.
 *
 * The script does not begin or commit a transaction: run it inside one. If it creates tables, a second run fails at its first insert
 * and changes nothing. With functions alone, it may run again.
 *
 * @throws {@link InvalidArgumentError} — an unknown option, an invalid name, or a `from` above the newest migration.
 *
 * @example
 * ```ts
 * const sql = migrationSql({ schema: "shop" });
 * ```
 */
export function migrationSql(options?: MigrationSqlOptions): string {
  const { schema = "tidemark", from = 0 } = checkOptions(options, shape);
  const steps = [...migrations.slice(from), shippedSchema.functions];
  const parts = [header(schema, from)];
  if (from === 0) parts.push(renderSql(`create schema if not exists :"schema";\n\n${createBookkeeping}`, schema));
  for (const step of steps) parts.push(`-- ${nameOfStep(step)}\n${stepScript(step, schema)}`);
  return `${parts.join("\n\n").trimEnd()}\n`;
}

function header(schema: string, from: number): string {
  const tables = from === newest ? "no" : `${from + 1} to ${newest}`;
  return `-- tidemark: event store in schema ${JSON.stringify(schema)}. Migrations: ${tables}. Functions of this version.
-- Run it in one transaction: psql --single-transaction --set ON_ERROR_STOP=1 --file …
${migrationLock(schema)}`;
}
