import { InvalidArgumentError } from "../errors/errors.ts";
import { describeValue } from "./describe-value.ts";
import { didYouMean } from "./suggest.ts";

/** Takes a value that is not `undefined` and gives it back checked, or throws an `InvalidArgumentError` at `path`. */
export type Check<T> = (value: unknown, path: string) => T;

/** A whole number; positions, versions, counts and milliseconds. */
export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): Check<number> {
  return (value, path) => {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value + 0;
    const hint = value === Number.POSITIVE_INFINITY ? "; leave it out for no bound" : "";
    throw new InvalidArgumentError(path, `must be a whole number from ${min} to ${max}, not ${describeValue(value)}${hint}`);
  };
}

/** One of a few words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Check<Word> {
  return (value, path) => {
    const word = words.find((known) => known === value);
    if (word !== undefined) return word;
    const suggestion = typeof value === "string" ? didYouMean(value, words) : "";
    throw new InvalidArgumentError(path, `must be ${words.map((known) => `"${known}"`).join(" or ")}, not ${describeValue(value)}${suggestion}`);
  };
}

export function checkBoolean(value: unknown, path: string): boolean {
  if (typeof value === "boolean") return value;
  throw new InvalidArgumentError(path, `must be true or false, not ${describeValue(value)}`);
}

/** A function of the caller's, of the type that the place documents: a type cannot be checked at run time. */
export function checkFunction<F extends (...args: never[]) => unknown>(value: unknown, path: string): F {
  if (isFunction<F>(value)) return value;
  throw new InvalidArgumentError(path, `must be a function, not ${describeValue(value)}`);
}

function isFunction<F>(value: unknown): value is F {
  return typeof value === "function";
}

/** Told by its members, not by its class: a signal may come from another realm or a polyfill. */
export function checkSignal(value: unknown, path: string): AbortSignal {
  if (isSignal(value)) return value;
  const hint = typeof value === "object" && value !== null && "signal" in value ? "; pass controller.signal" : "";
  throw new InvalidArgumentError(path, `must be an AbortSignal, not ${describeValue(value)}${hint}`);
}

function isSignal(value: unknown): value is AbortSignal {
  return (
    typeof value === "object" &&
    value !== null &&
    "aborted" in value &&
    typeof value.aborted === "boolean" &&
    "addEventListener" in value &&
    typeof value.addEventListener === "function"
  );
}

/** A valid Date. A copy: a Date can be changed in place. */
export function checkDate(value: unknown, path: string): Date {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return new Date(value);
  const hint = typeof value === "string" || typeof value === "number" ? "; pass new Date(…)" : "";
  throw new InvalidArgumentError(path, value instanceof Date ? "is an invalid Date" : `must be a Date, not ${describeValue(value)}${hint}`);
}

/** An array, each item checked. */
export function arrayOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new InvalidArgumentError(path, `must be an array, not ${describeValue(value)}`);
    return Array.from(value, (item: unknown, index) => check(item, `${path}[${index}]`));
  };
}

/** An array with at least one item, each of them checked. @param remedy - What to write in place of an empty one. */
export function listOf<T>(check: Check<T>, remedy = "leave it out to match everything"): Check<readonly T[]> {
  const checkItems = arrayOf(check);
  return (value, path) => {
    const items = checkItems(value, path);
    if (items.length === 0) throw new InvalidArgumentError(path, `is empty; ${remedy}`);
    return items;
  };
}

/** For what a later version brings. */
export function notYet(what: string): Check<never> {
  const refuse: Check<never> = (_value, path) => {
    throw new InvalidArgumentError(path, `does not exist in this version of tidemark: ${what}. Leave it out.`);
  };
  refused.add(refuse);
  return refuse;
}

const refused = new WeakSet<Check<unknown>>();

/** Whether it refuses every value: no message may recommend such an option. */
export function isNotYet(check: Check<unknown> | undefined): boolean {
  return check !== undefined && refused.has(check);
}
