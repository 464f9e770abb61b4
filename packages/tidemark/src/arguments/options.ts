import { InvalidArgumentError } from "../errors.ts";
import type { Check } from "./checks.ts";
import { show, showStep, showText } from "./show.ts";
import { didYouMean } from "./suggest.ts";

/** The options that a call knows, each with its check. */
export type Shape = Readonly<Record<string, Check<unknown>>>;

/** What `checkOptions` gives back: the options that were given, checked. */
export type Checked<S extends Shape> = { readonly [Option in keyof S]?: ReturnType<S[Option]> };

/** Whether `value` is an object whose properties can be looked at: not null, no array, no function. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Checks an options object: `undefined` is none at all, an option that is `undefined` was not given, and everything
 * else must be known and pass its check. Returns a new object, so that the caller's changes later have no effect.
 */
export function checkOptions<const S extends Shape>(value: unknown, shape: S, path = "options"): Checked<S> {
  const checked: Record<string, unknown> = {};
  if (value !== undefined) {
    if (!isRecord(value)) throw new InvalidArgumentError(path, `must be an object, not ${show(value)}`);
    for (const option of Object.keys(value)) {
      if (!Object.hasOwn(shape, option)) throw unknownKey(path, option, Object.keys(shape), "is not an option");
      const given = value[option];
      if (given !== undefined) checked[option] = shape[option]?.(given, path + showStep(option));
    }
  }
  // Every property was put there by the check of its name.
  return checked as Checked<S>;
}

/** The error for a key that nothing knows: a typing error that would otherwise be ignored in silence. */
export function unknownKey(path: string, key: string, known: readonly string[], problem: string): InvalidArgumentError {
  const suggestion = didYouMean(key, known);
  const allowed = suggestion === "" ? `; known are ${known.join(", ")}` : suggestion;
  return new InvalidArgumentError(path === "" ? showText(key) : path + showStep(key), `${problem}${allowed}`);
}
