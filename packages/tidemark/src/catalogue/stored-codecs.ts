import { describeValue } from "../arguments/describe-value.ts";

/**
 * How a value that JSON cannot hold is stored. `encode` returns plain JSON, best a form that SQL can query; `decode` gets it back as a
 * copy. What they throw becomes the `cause` of the error. Neither gets `null` or `undefined`: these stay as they are.
 *
 * @example
 * ```ts
 * const asUrl: StoredCodec<URL, string> = { encode: (url) => url.href, decode: (text) => new URL(text) };
 * ```
 */
// oxlint-disable-next-line typescript/no-explicit-any -- a codec of any type stands in a definition, and its functions get their types from their parameters
export interface StoredCodec<Value = any, Stored = any> {
  readonly encode: (value: Value) => Stored;
  readonly decode: (stored: Stored) => Value;
  /** What `encode` returns, as JSON Schema: `tidemark events schema --stored` and `events diff` use it. */
  readonly jsonSchema?: object;
}

/**
 * Stores a Date as ISO 8601 text in UTC: `(data->>'at')::timestamptz` in SQL.
 *
 * @example
 * ```ts
 * console.log(asDate.encode(new Date(0))); // => 1970-01-01T00:00:00.000Z
 * ```
 */
export const asDate: StoredCodec<Date, string> = {
  encode(value) {
    if (!(value instanceof Date)) throw new TypeError(`must be a Date, not ${describeValue(value)}`);
    if (Number.isNaN(value.getTime())) throw new TypeError("is an invalid Date");
    return value.toISOString();
  },
  decode(stored) {
    const date = new Date(typeof stored === "string" ? stored : Number.NaN);
    if (Number.isNaN(date.getTime())) throw new TypeError(`must be the text of a date, not ${describeValue(stored)}`);
    return date;
  },
  jsonSchema: { type: "string", format: "date-time" },
};

/**
 * Stores a bigint of any size as decimal text: `(data->>'amount')::numeric` in SQL.
 *
 * @example
 * ```ts
 * console.log(asBigInt.encode(9_007_199_254_740_993n)); // => 9007199254740993
 * ```
 */
export const asBigInt: StoredCodec<bigint, string> = {
  encode(value) {
    if (typeof value !== "bigint") throw new TypeError(`must be a bigint, not ${describeValue(value)}`);
    return value.toString();
  },
  decode(stored: unknown) {
    if (typeof stored === "string" && /^-?\d+$/.test(stored)) return BigInt(stored);
    // A number from before the type had a codec. A larger one is not what was appended any more.
    if (typeof stored === "number" && Number.isSafeInteger(stored)) return BigInt(stored);
    throw new TypeError(`must be the digits of a whole number, not ${describeValue(stored)}`);
  },
  jsonSchema: { type: "string", pattern: String.raw`^-?\d+$` },
};

/**
 * Stores a Set as an array in its order: `data->'tags' ? 'tea'` in SQL. Its items have to be JSON.
 *
 * @example
 * ```ts
 * console.log(asSet.encode(new Set(["tea", "milk"]))); // => [ 'tea', 'milk' ]
 * ```
 */
export const asSet: StoredCodec<ReadonlySet<unknown>, readonly unknown[]> = {
  encode(value) {
    if (!(value instanceof Set)) throw new TypeError(`must be a Set, not ${describeValue(value)}`);
    return [...value];
  },
  decode(stored) {
    if (!Array.isArray(stored)) throw new TypeError(`must be an array, not ${describeValue(stored)}`);
    return new Set(stored);
  },
  jsonSchema: { type: "array", uniqueItems: true },
};

/**
 * Stores a Map as the array of its entries in its order: `data->'prices' @> '[["tea"]]'` in SQL. Its keys and values have to be JSON.
 *
 * @example
 * ```ts
 * console.log(asMap.encode(new Map([["tea", 3]]))); // => [ [ 'tea', 3 ] ]
 * ```
 */
export const asMap: StoredCodec<ReadonlyMap<unknown, unknown>, readonly (readonly [unknown, unknown])[]> = {
  encode(value) {
    if (!(value instanceof Map)) throw new TypeError(`must be a Map, not ${describeValue(value)}`);
    return [...value];
  },
  decode(stored) {
    if (!Array.isArray(stored) || !stored.every((entry: unknown) => Array.isArray(entry) && entry.length === 2)) {
      throw new TypeError(`must be an array of entries [key, value], not ${describeValue(stored)}`);
    }
    return new Map(stored);
  },
  jsonSchema: { type: "array", items: { type: "array", minItems: 2, maxItems: 2 } },
};
