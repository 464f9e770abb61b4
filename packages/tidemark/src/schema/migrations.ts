import { createHash } from "node:crypto";
import { type FunctionSet, functionSet } from "./function-set.ts";
import { migrationTexts } from "./sql.generated.ts";

/** One numbered step of the store's tables. Once released, its text never changes. */
export interface Migration {
  /** 1, 2, 3 … without gaps. */
  readonly version: number;
  readonly name: string;
  /** The template, for `renderSql`. */
  readonly text: string;
  /** SHA-256 of `text`, in hexadecimal. */
  readonly hash: string;
  /** Whether libraries that do not know this migration must refuse to work with the schema. */
  readonly breaking: boolean;
}

/** Every migration of this package, in order. */
export const migrations: readonly Migration[] = migrationTexts.map(({ version, name, text, breaking }) => ({
  version,
  name,
  text,
  hash: createHash("sha256").update(text).digest("hex"),
  breaking,
}));

/** What a package brings to a schema: its tables, step by step, and one set of functions. */
export interface ShippedSchema {
  readonly migrations: readonly Migration[];
  readonly functions: FunctionSet;
}

/** What this package brings. */
export const shippedSchema: ShippedSchema = { migrations, functions: functionSet };

/** What one transaction applies. */
export type SchemaStep = Migration | FunctionSet;

/** `migration 1 (store)`, `functions 1f2e3d4c`. */
export function nameOfStep(step: SchemaStep): string {
  return "version" in step ? `migration ${step.version} (${step.name})` : `functions ${step.hash.slice(0, 8)}`;
}
