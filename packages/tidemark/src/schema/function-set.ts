/**
 * The functions of one version of this package: the files of `functions/`, under names that no other version uses.
 *
 * During a rolling deployment two versions of the package work on one schema, and each was written for its own functions:
 * their arguments, their results, what they lock. So a set is named by the hash of its texts, and each of its functions
 * carries the beginning of that hash: `append_one_1f2e3d4c`. An upgrade adds a set and touches none that is in use; a
 * downgrade finds its own again. The newest sets are kept (`keptSets`), so nothing accumulates.
 */
import { createHash } from "node:crypto";
import { quoteIdentifier } from "../database/identifier.ts";
import { renderSql } from "./render.ts";
import { type FunctionName, functionTexts } from "./sql.generated.ts";

export interface FunctionSet {
  /** SHA-256 of the functions' texts, in hexadecimal. */
  readonly hash: string;
  /** Each after those it calls. */
  readonly functions: readonly { readonly name: string; readonly text: string }[];
}

/** How many sets a schema keeps, the one that is added included. A process of an older version than these has to be stopped first. */
export const keptSets = 5;

/** Functions that people and monitoring call: these names always lead to the set that was added last. */
export const publicFunctions: readonly FunctionName[] = ["blockers", "high_water_mark"];

/** The set of this package. */
export const functionSet: FunctionSet = createFunctionSet(functionTexts);

export function createFunctionSet(functions: FunctionSet["functions"]): FunctionSet {
  const hash = createHash("sha256");
  for (const { name, text } of functions) hash.update(`${name}\0${text}\0`);
  return { hash: hash.digest("hex"), functions };
}

/** What the names of a set's functions end with. */
export function suffixOf({ hash }: Pick<FunctionSet, "hash">): string {
  return `_${hash.slice(0, 8)}`;
}

/** The name of a function of this package's set, for SQL: `functionName("shop", "append_one")` is `"shop".append_one_1f2e3d4c`. */
export function functionName(schema: string, name: FunctionName): string {
  return `${quoteIdentifier(schema)}.${name}${suffixOf(functionSet)}`;
}

/**
 * The statements that create a set's functions. A call of one by another (`:"schema".name(…)`) stays within the set, and so does
 * the name by which a function qualifies its own parameters (`name.parameter`).
 */
export function createFunctions(set: FunctionSet, schema: string): string {
  const own = new Set(set.functions.map(({ name }) => name));
  const suffix = suffixOf(set);
  const texts = set.functions.map(({ name, text }) =>
    text
      .replace(/^create function/m, "create or replace function")
      .replaceAll(/(:"schema"\.)(\w+)\(/g, (call, prefix: string, called: string) => (own.has(called) ? `${prefix}${called}${suffix}(` : call))
      .replaceAll(new RegExp(`(?<![.\\w])${name}\\.`, "g"), `${name}${suffix}.`),
  );
  return renderSql(texts.join("\n"), schema);
}
