import { isRecord } from "../arguments/options.ts";
import { describeValue } from "../arguments/describe-value.ts";
import { InvalidArgumentError, isTidemarkError } from "../errors/errors.ts";

/**
 * What an error has to be: its message matches, or holds this text, or it is of the class.
 *
 * @example
 * ```ts
 * const error: ExpectedError = /empty/;
 * scenario(cart).given([]).when({ kind: "confirm" }).thenThrows(error);
 * ```
 */
// oxlint-disable-next-line typescript/no-explicit-any -- a class's parameters have no type that all classes share
export type ExpectedError = RegExp | string | (new (...parameters: any[]) => Error);

/** @throws {@link InvalidArgumentError} — it is none of these: `instanceof` would fail at it, or it would match every error. */
export function checkExpectedError(expected: unknown): void {
  if (expected === undefined || expected instanceof RegExp || (typeof expected === "string" && expected !== "")) return;
  if (typeof expected === "function") {
    const prototype: unknown = expected.prototype;
    if (prototype === Error.prototype || prototype instanceof Error) return;
  }
  const hint = expected === "" ? ", which every message holds" : "";
  throw new InvalidArgumentError("error", `must be a regular expression, a part of the message or a class of errors, not ${describeValue(expected)}${hint}`);
}

/** Why an error is not what was expected; undefined where it is. */
export function mismatch(error: unknown, expected: ExpectedError | undefined): string | undefined {
  const message = messageOf(error);
  if (expected instanceof RegExp || typeof expected === "string") {
    if (isOfTheEngine(error)) return `${mistakeIn(error)}, even if the message happens to match: ${message}`;
    // Not `test`: with the flag g it would go on where it matched the last time.
    const matches = typeof expected === "string" ? message.includes(expected) : message.search(expected) >= 0;
    return matches ? undefined : `another message than ${typeof expected === "string" ? JSON.stringify(expected) : expected}: ${message}`;
  }
  if (expected === undefined || expected === Error) return isMistake(error) ? `${mistakeIn(error)}: ${message}` : undefined;
  return error instanceof expected ? undefined : `${nameOf(error)}, not ${expected.name}: ${message}`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

function mistakeIn(error: unknown): string {
  return `${nameOf(error)}, which tells of a mistake in the code, not of a refusal; if it is meant, say thenThrows(${nameOf(error)})`;
}

const engineErrors: readonly unknown[] = [TypeError, ReferenceError, RangeError, SyntaxError, EvalError, URIError];

/** Whether it looks like no refusal of the decider's: of a class that the language itself throws, or this library at wrong arguments. */
function isMistake(error: unknown): boolean {
  if (isTidemarkError(error, "INVALID_ARGUMENT") || isTidemarkError(error, "EVENT_TOO_LARGE")) return true;
  return isRecord(error) && engineErrors.includes(error["constructor"]);
}

/** Of V8, JavaScriptCore and SpiderMonkey. They hold names of the code, which a pattern can match by chance. */
const engineMessage =
  /^Cannot (?:read|set|destructure|access|convert|create|delete|redefine|assign) |\bis not (?:a function|iterable|defined|a constructor|an object)\b/;

function isOfTheEngine(error: unknown): boolean {
  return (error instanceof TypeError || error instanceof ReferenceError) && engineMessage.test(error.message);
}
