import { InvalidArgumentError } from "../errors/errors.ts";
import { type Check, isNotYet } from "./checks.ts";
import { className, describeValue, quoteStep, quoteText } from "./describe-value.ts";
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
    // A Map, a URL or an AbortSignal in place of options shows no keys, and would count as none given.
    const keys = isRecord(value) ? Object.keys(value) : [];
    if (!isRecord(value) || (keys.length === 0 && className(value) !== "Object"))
      throw new InvalidArgumentError(path, `must be an object, not ${describeValue(value)}`);
    for (const option of keys) {
      if (!Object.hasOwn(shape, option)) throw unknownKey(path, option, knownOf(shape), "is not an option");
      const given = value[option];
      if (given !== undefined) checked[option] = shape[option]?.(given, path + quoteStep(option));
    }
  }
  // Every property was put there by the check of its name.
  return checked as Checked<S>;
}

function knownOf(shape: Shape): string[] {
  return Object.keys(shape).filter((option) => !isNotYet(shape[option]));
}

/** The error for a key that nothing knows: a typing error that would otherwise be ignored in silence. */
export function unknownKey(path: string, key: string, known: readonly string[], problem: string): InvalidArgumentError {
  const suggestion = didYouMean(key, known);
  const allowed = suggestion === "" ? `; known are ${known.join(", ")}` : suggestion;
  return new InvalidArgumentError(path === "" ? quoteText(key) : path + quoteStep(key), `${problem}${allowed}`);
}
