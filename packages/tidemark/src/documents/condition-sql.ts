import { quoteIdentifier } from "../database/identifier.ts";
import { documentKey, fillsKey, kinds } from "./document-key.ts";
import { pathSql } from "./document-path.ts";
import type { Parameters } from "./parameters.ts";
import { functionName } from "../schema/function-set.ts";

/** What can be compared with: JSON, or a moment, which is compared with the moment that a text names. */
export type Operand = { readonly kind: "json"; readonly value: unknown; readonly json: string } | { readonly kind: "instant"; readonly ms: number };

/** What stands behind a document's key in the order. */
export type Comparison = ">" | ">=" | "<" | "<=";

/** The place of the value at a path among all values: what indexes of collections are made of. */
export function keySql(schema: string, steps: readonly string[], column?: string): string {
  return `${quoteIdentifier(schema)}.document_key(${pathSql(steps, column)}) collate "C"`;
}

/** Conditions on the value at one path of row `d`. Each is true or false and never null, so that NOT turns it round. */
export class PathConditions {
  readonly #value: string;
  readonly #key: string;
  readonly #instant: string;
  readonly #parameters: Parameters;

  constructor(schema: string, steps: readonly string[], parameters: Parameters) {
    this.#value = pathSql(steps);
    this.#key = keySql(schema, steps);
    this.#instant = `${functionName(schema, "document_instant")}(${this.#value})`;
    this.#parameters = parameters;
  }

  /** One more: a statement of too many is refused. */
  count(): void {
    this.#parameters.conditions++;
  }

  equals(operand: Operand): string {
    if (operand.kind === "instant") return this.#moment("=", operand.ms);
    const { value, json } = operand;
    if (typeof value === "object" && value !== null) return `coalesce(${this.#value} = ${this.#parameters.add(json)}::text::jsonb, false)`;
    return isLong(value) ? `(${this.#long("=", value)})` : `${this.#key} = ${this.#parameters.add(documentKey(value))}`;
  }

  isIn(operands: readonly Operand[]): string {
    const keys: string[] = [];
    const rest: string[] = [];
    for (const operand of operands) {
      if (isShort(operand)) keys.push(documentKey(operand.value));
      else rest.push(this.equals(operand));
    }
    const together = keys.length === 0 ? [] : [`${this.#key} = any (${this.#parameters.addList(keys)}::text[])`];
    return anyOf([...together, ...rest]);
  }

  /** A value of another kind is neither above nor below. */
  compares(comparison: Comparison, operand: Operand): string {
    if (operand.kind === "instant") return this.#moment(comparison, operand.ms);
    const { value } = operand;
    const { from, to } = typeof value === "number" ? kinds.number : kinds.string;
    const above = comparison.startsWith(">");
    const within = above ? `${this.#key} < '${to}'` : `${this.#key} >= '${from}'`;
    const compared = isLong(value) ? this.#long(comparison, value) : `${this.#key} ${comparison} ${this.#parameters.add(documentKey(value))}`;
    return `(${compared} and ${within})`;
  }

  contains(operand: unknown, json: string): string {
    const add = (text: string): string => `${this.#parameters.add(text)}::text::jsonb`;
    // To `@>` an array contains a bare scalar, and so does a scalar itself.
    if (Array.isArray(operand)) return `coalesce(${this.#value} operator(pg_catalog.@>) ${add(json)}, false)`;
    const inArray = `coalesce(${this.#value} operator(pg_catalog.@>) ${add(`[${json}]`)}, false)`;
    return typeof operand === "object" && operand !== null ? `(${inArray} or coalesce(${this.#value} operator(pg_catalog.@>) ${add(json)}, false))` : inArray;
  }

  exists(): string {
    return `${this.#value} is not null`;
  }

  #between(from: string, to: string): string {
    return `${this.#key} >= ${this.#parameters.add(from)} and ${this.#key} < ${this.#parameters.add(to)}`;
  }

  /** The key holds the beginning of the text, and may belong to others that begin alike. */
  #long(comparison: Comparison | "=", text: string): string {
    const loose = comparison === ">" ? ">=" : comparison === "<" ? "<=" : comparison;
    const value = `(${this.#value} operator(pg_catalog.#>>) '{}') collate "C"`;
    return `${this.#key} ${loose} ${this.#parameters.add(documentKey(text))} and coalesce(${value} ${comparison} ${this.#parameters.add(text)}, false)`;
  }

  /**
   * Texts name moments in more than one way, but begin with their day: so an index leads to the days around. An offset moves a
   * text by less than a day, and a 31st that its month has not by three.
   */
  #moment(comparison: Comparison | "=", ms: number): string {
    const after = comparison.startsWith("<") ? kinds.string.from : `s${dayOf(ms - marginMs)}`;
    const before = comparison.startsWith(">") ? kinds.string.to : `s${dayOf(ms + marginMs)}`;
    return `(${this.#between(after, before)} and coalesce(${this.#instant} ${comparison} ${this.#parameters.add(ms)}::bigint, false))`;
  }
}

/** Whether its key says all of it. */
function isShort(operand: Operand): operand is Operand & { readonly kind: "json" } {
  if (operand.kind !== "json") return false;
  const { value } = operand;
  return value === null || (typeof value !== "object" && !isLong(value));
}

function isLong(value: unknown): value is string {
  return typeof value === "string" && fillsKey(value);
}

const marginMs = 5 * 86_400_000;

/** The day of a moment; before all that have four digits, and behind them, a text that sorts there. */
function dayOf(ms: number): string {
  if (ms < Date.parse("0001-01-01")) return "0";
  if (ms > Date.parse("9999-12-31")) return ":";
  return new Date(ms).toISOString().slice(0, 10);
}

export function anyOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? "false" : `(${conditions.join("\n    or ")})`;
}

export function allOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? "true" : `(${conditions.join("\n   and ")})`;
}
