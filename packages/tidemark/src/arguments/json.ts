import { JsonProblem } from "./json-problem.ts";
import { className, describeValue } from "./describe-value.ts";

/**
 * JSON that comes back as it went in. `JSON.stringify` changes in silence what JSON cannot hold (a Date becomes text, NaN
 * null, a Map `{}`); here each of these is refused, with its place.
 *
 * A writer of its own instead of a check before `JSON.stringify`: it reads every property once, so that a getter or a
 * Proxy cannot show one value to a check and another to the writing, and a `toJSON` put on a prototype has no effect. It
 * is as fast for an event of ordinary size (docs/reference/limits.md).
 */

/** Levels of arrays and objects in one value. PostgreSQL's own limit depends on its stack. */
export const maxDepth = 512;

const plainObject = Object.prototype;
const plainArray = Array.prototype;
/** What JSON escapes, and surrogates, which may be half of a pair. */
const special = /["\\\u0000-\u001f\ud800-\udfff]/;
const loneSurrogate = /\p{Surrogate}/u;

/** No text can be longer than this in one value: PostgreSQL's jsonb and V8's strings end not far above. */
const mostUnits = 256 * 1024 * 1024;

/** The JSON of `value`, or an `InvalidArgumentError` with the place below `path`. Keys that are `undefined` are left out. */
export function encodeJson(value: unknown, path: string): string {
  try {
    return writeJson(value, mostUnits);
  } catch (error) {
    throw JsonProblem.of(error).at(path);
  }
}

/**
 * The same, for the hot path: throws a `JsonProblem` whose path begins below `value`. `room`: the most UTF-16 units to write, each
 * of them at least one byte; writing stops there, so that no huge text is made only to be refused.
 */
export function writeJson(value: unknown, room: number): string {
  if (value === undefined) throw new JsonProblem("is undefined, which JSON cannot express; use {} or null");
  return write(value, 0, room);
}

function write(value: unknown, depth: number, room: number): string {
  switch (typeof value) {
    case "string":
      if (value.length > room) throw JsonProblem.tooLarge(value.length - room);
      return special.test(value) ? writeSpecial(value) : `"${value}"`;
    case "number":
      if (!Number.isFinite(value) || Object.is(value, -0)) throw new JsonProblem(`is ${describeValue(value)}, which JSON cannot express`);
      return `${value}`;
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      if (depth === maxDepth) throw new JsonProblem(`is more than ${maxDepth} levels deep`);
      // An object that is no array can be asked for any key.
      return Array.isArray(value) ? writeArray(value, depth + 1, room) : writeObject(value as Readonly<Record<string, unknown>>, depth + 1, room);
    default:
      throw new JsonProblem(refusal(value));
  }
}

function writeObject(value: Readonly<Record<string, unknown>>, depth: number, room: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== plainObject && prototype !== null && !isForeign(prototype, false)) throw new JsonProblem(classRefusal(value));
  if (typeof value["toJSON"] === "function") throw new JsonProblem(methodRefusal);
  if (Object.getOwnPropertySymbols(value).length > 0) throw new JsonProblem(symbolRefusal);
  let text = "{";
  let at = "";
  try {
    for (const key of Object.keys(value)) {
      at = key;
      const held = value[key];
      if (held === undefined) continue;
      if (text.length > 1) text += ",";
      text += names.get(key) ?? writeName(key);
      text += write(held, depth, room - text.length);
      if (text.length >= room) throw JsonProblem.tooLarge(text.length + 1 - room);
    }
  } catch (error) {
    throw JsonProblem.of(error).inside(value, at);
  }
  return `${text}}`;
}

function writeArray(value: readonly unknown[], depth: number, room: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== plainArray && !isForeign(prototype, true)) throw new JsonProblem(classRefusal(value));
  if ("toJSON" in value && typeof value.toJSON === "function") throw new JsonProblem(methodRefusal);
  if (Object.getOwnPropertySymbols(value).length > 0) throw new JsonProblem(symbolRefusal);
  let text = "[";
  let index = 0;
  try {
    for (; index < value.length; index++) {
      if (index > 0) text += ",";
      text += write(value[index], depth, room - text.length);
      if (text.length >= room) throw JsonProblem.tooLarge(text.length + 1 - room);
    }
  } catch (error) {
    throw JsonProblem.of(error).inside(value, index);
  }
  const keys = Object.keys(value);
  if (keys.length !== value.length) throw new JsonProblem(`is an array with an extra property (${describeValue(keys[value.length])}), which JSON would drop`);
  return `${text}]`;
}

const methodRefusal = "has a method toJSON, so what it holds is not what JSON would show; pass plain data";
const symbolRefusal = "has a key that is a symbol, which JSON would drop";

/** A plain object or array of another realm (`node:vm`, a test runner's sandbox), whose prototypes are its own. */
function isForeign(prototype: unknown, array: boolean): boolean {
  if (typeof prototype !== "object" || prototype === null || Array.isArray(prototype) !== array) return false;
  const root: unknown = array ? Object.getPrototypeOf(prototype) : prototype;
  return typeof root === "object" && root !== null && Object.getPrototypeOf(root) === null && Object.hasOwn(root, "isPrototypeOf");
}

/** Keys as they are written, for events repeat them: a quarter of the time of a small event. At most 1,024 short ones. */
const names = new Map<string, string>();

function writeName(key: string): string {
  const name = `${special.test(key) ? writeSpecial(key) : `"${key}"`}:`;
  if (key.length <= 64) {
    if (names.size === 1024) names.clear();
    names.set(key, name);
  }
  return name;
}

function writeSpecial(text: string): string {
  if (text.includes("\0")) throw new JsonProblem("holds the character U+0000, which PostgreSQL cannot store");
  if (loneSurrogate.test(text)) throw new JsonProblem("holds half of a surrogate pair, which UTF-8 cannot express");
  return JSON.stringify(text);
}

function refusal(value: unknown): string {
  if (typeof value === "bigint") return "is a bigint, which JSON cannot express; pass a string";
  if (value === undefined) return "is undefined or a hole in an array, which JSON cannot express; use null";
  return `is ${describeValue(value)}, which JSON cannot express`;
}

const remedies: Readonly<Record<string, string>> = {
  Date: "pass its toISOString()",
  Map: "pass Object.fromEntries(map) or an array of its entries",
  Set: "pass an array of its items",
  Promise: "await it first",
  Uint8Array: "pass base64 text",
  Buffer: "pass base64 text",
};

function classRefusal(value: object): string {
  const name = className(value);
  return `is an object of class ${name}, which JSON would change; ${remedies[name] ?? "pass plain objects and arrays"}`;
}
