import { checkBoolean, wholeNumber } from "./checks.ts";
import { describeValue } from "./describe-value.ts";
import { checkOptions } from "./options.ts";
import { InvalidArgumentError } from "../errors/errors.ts";

const delayMs = wholeNumber(0, 2_147_483_647);
const shape = { attempts: wholeNumber(1, 1_000_000), minDelayMs: delayMs, maxDelayMs: delayMs, factor: checkFactor, jitter: checkBoolean };

/** What of it was given. */
export interface GivenRetryPolicy {
  readonly attempts?: number;
  readonly minDelayMs?: number;
  readonly maxDelayMs?: number;
  readonly factor?: number;
  readonly jitter?: boolean;
}

/** The option `retry` of a definition: how often something is tried, and how long between tries. */
export function checkRetryPolicy(value: unknown, path: string): GivenRetryPolicy {
  return checkOptions(value, shape, path);
}

function checkFactor(value: unknown, path: string): number {
  if (typeof value === "number" && value >= 1 && value <= 100) return value;
  throw new InvalidArgumentError(path, `must be a number from 1 to 100, not ${describeValue(value)}`);
}
