import { isRecord } from "../../src/arguments/options.ts";
import { byBytes } from "../../src/append/byte-order.ts";
import { contains } from "../../src/model/contains.ts";
import type { JsonValue } from "../../src/index.ts";

/** The filter and the order that collections promise, as plain JavaScript over documents. */

export interface Condition {
  readonly [path: string]: unknown;
}

export function valueAt(document: unknown, path: string): unknown {
  let value: unknown = document;
  for (const step of splitPath(path)) {
    if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, step)) return undefined;
    value = Reflect.get(value, step);
  }
  return value;
}

function splitPath(path: string): string[] {
  const steps = [""];
  for (let index = 0; index < path.length; index++) {
    const character = path.charAt(index);
    if (character === ".") steps.push("");
    else {
      if (character === "\\") index++;
      steps[steps.length - 1] += path.charAt(index);
    }
  }
  return steps;
}

const iso = /^(?!0000)\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** What a text names, in milliseconds; NaN for what is no moment, with which nothing is equal. */
function momentOf(value: unknown): number {
  if (typeof value !== "string" || !iso.test(value) || value.includes("T24")) return Number.NaN;
  return Date.parse(/T.*(Z|[+-]\d\d:\d\d)$/.test(value) || !value.includes("T") ? value : `${value}Z`);
}

function equal(a: unknown, b: unknown): boolean {
  if (b instanceof Date) return momentOf(a) === b.getTime();
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => equal(item, b[index]));
  if (typeof a === "object" && typeof b === "object" && a !== null && b !== null) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && equal(Reflect.get(a, key), Reflect.get(b, key)));
  }
  return a === b;
}

/** Below, at or above zero; NaN where there is no order. */
function compare(a: unknown, b: unknown): number {
  if (b instanceof Date) return momentOf(a) - b.getTime();
  if (typeof a === "number" && typeof b === "number") return a === b ? 0 : a < b ? -1 : 1;
  return typeof a === "string" && typeof b === "string" ? byBytes(a, b) : Number.NaN;
}

const operators: Readonly<Record<string, (value: unknown, asked: unknown) => boolean>> = {
  eq: equal,
  ne: (value, asked) => !equal(value, asked),
  in: (value, asked) => Array.isArray(asked) && asked.some((item) => equal(value, item)),
  notIn: (value, asked) => Array.isArray(asked) && !asked.some((item) => equal(value, item)),
  gt: (value, asked) => compare(value, asked) > 0,
  gte: (value, asked) => compare(value, asked) >= 0,
  lt: (value, asked) => compare(value, asked) < 0,
  lte: (value, asked) => compare(value, asked) <= 0,
  exists: (value, asked) => (value !== undefined) === asked,
  contains: (value, asked) => {
    const [whole, part] = [json(value), json(asked)];
    if (Array.isArray(whole)) return contains(whole, Array.isArray(part) ? part : [part]);
    return typeof part === "object" && part !== null && contains(whole, part);
  },
};

function json(value: unknown): JsonValue | undefined {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

function list(value: unknown): Condition[] {
  return Array.isArray(value) ? value : [];
}

export function matches(document: unknown, where: Condition): boolean {
  return Object.entries(where).every(([key, asked]) => {
    if (key === "AND") return list(asked).every((part) => matches(document, part));
    if (key === "OR") return list(asked).some((part) => matches(document, part));
    if (key === "NOT") return isRecord(asked) && !matches(document, asked);
    const value = valueAt(document, key);
    const conditions = isRecord(asked) && !(asked instanceof Date) ? asked : { eq: asked };
    return Object.entries(conditions).every(([operator, operand]) => operators[operator]?.(value, operand) === true);
  });
}

const kinds = [
  (value: unknown) => value === undefined,
  (value: unknown) => value === null,
  (value: unknown) => value === false,
  (value: unknown) => value === true,
  (value: unknown) => typeof value === "number",
  (value: unknown) => typeof value === "string",
  () => true,
];

/** An order looks at the first 150 characters of a text. */
function sortable(value: unknown): unknown {
  return typeof value === "string" ? Array.from(value).slice(0, 150).join("") : value;
}

/** For `Array.prototype.sort`: by each path in turn, then by `_id`. */
export function ordered(orderBy: Readonly<Record<string, "asc" | "desc">>): (a: { readonly _id: string }, b: { readonly _id: string }) => number {
  return (a, b) => {
    for (const [path, direction] of Object.entries(orderBy)) {
      const [x, y] = [sortable(valueAt(a, path)), sortable(valueAt(b, path))];
      const [kindOfX, kindOfY] = [kinds.findIndex((is) => is(x)), kinds.findIndex((is) => is(y))];
      const found = kindOfX === kindOfY ? compare(x, y) || 0 : kindOfX - kindOfY;
      if (found !== 0) return direction === "asc" ? found : -found;
    }
    return byBytes(a._id, b._id);
  };
}
