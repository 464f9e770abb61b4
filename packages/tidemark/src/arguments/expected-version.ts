import { InvalidArgumentError } from "../errors/errors.ts";
import type { ExpectedVersion } from "../model/event.ts";
import { describeValue } from "./describe-value.ts";
import { didYouMean } from "./suggest.ts";

const words = ["any", "no-stream", "stream-exists"] as const;
const forms = `a version (a whole number from 0 to ${Number.MAX_SAFE_INTEGER}), "any", "no-stream", "stream-exists" or { unchangedSince: position }`;

/** What an append expects of its stream; `undefined` is `"any"`. A copy: what the caller changes later has no effect. */
export function checkExpectedVersion(value: unknown, path: string): ExpectedVersion {
  if (value === undefined) return "any";
  if (typeof value === "number" && isCount(value)) return value + 0;
  if (typeof value === "string") {
    const word = words.find((known) => known === value);
    if (word !== undefined) return word;
  }
  if (typeof value === "object" && value !== null && "unchangedSince" in value && Object.keys(value).length === 1) {
    const since = value.unchangedSince;
    if (typeof since === "number" && isCount(since)) return { unchangedSince: since + 0 };
    throw new InvalidArgumentError(
      `${path}.unchangedSince`,
      `must be a position (a whole number from 0 to ${Number.MAX_SAFE_INTEGER}), not ${describeValue(since)}`,
    );
  }
  throw new InvalidArgumentError(path, `must be ${forms}, not ${describeValue(value)}${hint(value)}`);
}

/** -0 counts as 0, which adding 0 makes of it. */
function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function hint(value: unknown): string {
  if (typeof value === "string") return /^\d+$/.test(value) ? `; pass the number ${value.slice(0, 20)}, not a text` : didYouMean(value, words);
  if (typeof value === "bigint") return "; versions are numbers";
  return value === -1 ? `; use 0 or "no-stream" for a stream that must not exist` : "";
}
