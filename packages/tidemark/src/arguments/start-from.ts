import { InvalidArgumentError } from "../errors/errors.ts";
import { oneOf, wholeNumber } from "./checks.ts";
import { checkOptions, isRecord } from "./options.ts";
import { describeValue } from "./describe-value.ts";

/**
 * Where a reader begins that is new. `after` is a position, exclusive; `"end"` is the high-water mark as it is then.
 *
 * @example
 * ```ts
 * const startFrom: StartFrom = { after: 120_000 };
 * ```
 */
export type StartFrom = "beginning" | "end" | { readonly after: number };

const words = oneOf("beginning", "end");

/** The position to begin after, or the end. */
export function checkStartFrom(value: unknown, path: string): number | "end" {
  if (isRecord(value)) {
    const { after } = checkOptions(value, { after: wholeNumber(0) }, path);
    if (after === undefined) throw new InvalidArgumentError(`${path}.after`, "is missing");
    return after;
  }
  if (typeof value === "number") throw new InvalidArgumentError(path, `is ${describeValue(value)}; write { after: ${describeValue(value)} }`);
  return words(value, path) === "end" ? "end" : 0;
}
