import { type Check, wholeNumber } from "../../arguments/checks.ts";
import { checkOptions, type Shape } from "../../arguments/options.ts";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { describeValue } from "../../arguments/describe-value.ts";

/**
 * From where on `health` complains.
 *
 * @example
 * ```ts
 * const limits: HealthLimits = { maxLag: { mailer: 10_000 }, maxMarkAgeMs: 10_000 };
 * ```
 */
export interface HealthLimits {
  /**
   * How far each consumer, projection, process or relay may be behind the high-water mark, in events, by its name; beyond it, it is failing. A name that
   * the store does not know is failing, too. @defaultValue no limit
   */
  readonly maxLag?: Readonly<Record<string, number>>;
  /** How long any of them may be behind, in milliseconds; beyond it, it is degraded. Paused ones may be for as long as they like. @defaultValue 300,000 */
  readonly maxLagMs?: number;
  /** How long committed events may wait for the high-water mark, in milliseconds; beyond it, readers stand still: failing. @defaultValue 30,000 */
  readonly maxMarkAgeMs?: number;
  /** How many dead letters each consumer may have; beyond it, it is degraded. Up to 10,000. @defaultValue 0 */
  readonly maxDeadLetters?: number;
  /** How much of the server's connections may be taken, in percent; beyond it, it is degraded. @defaultValue 80 */
  readonly maxConnectionsPercent?: number;
  /** How much of the server's lock table may be taken, in percent; beyond it, it is degraded. @defaultValue 50 */
  readonly maxLocksPercent?: number;
  /** How long the database may take to answer, in milliseconds; beyond it, the store is not ready. @defaultValue 5,000 */
  readonly timeoutMs?: number;
}

export type ValidHealthLimits = Required<HealthLimits>;

const events = wholeNumber(0);

/** Names are the user's own: none is misspelt until the database was asked. */
const checkMaxLag: Check<Readonly<Record<string, number>>> = (value, path) => {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new InvalidArgumentError(path, `must be an object of limits by name, such as { mailer: 10_000 }, not ${describeValue(value)}`);
  return Object.fromEntries(Object.entries(value).map(([name, limit]) => [name, events(limit, `${path}[${JSON.stringify(name)}]`)]));
};

const shape = {
  maxLag: checkMaxLag,
  maxLagMs: wholeNumber(0),
  maxMarkAgeMs: wholeNumber(0),
  maxDeadLetters: wholeNumber(0, 10_000),
  maxConnectionsPercent: wholeNumber(1, 100),
  maxLocksPercent: wholeNumber(1, 100),
  timeoutMs: wholeNumber(1, 2_147_483_647),
} satisfies Shape;

/** @throws {@link InvalidArgumentError} */
export function checkHealthLimits(limits: HealthLimits | undefined): ValidHealthLimits {
  const defaults = { maxLag: {}, maxLagMs: 300_000, maxMarkAgeMs: 30_000, maxDeadLetters: 0, maxConnectionsPercent: 80, maxLocksPercent: 50, timeoutMs: 5_000 };
  return { ...defaults, ...checkOptions(limits, shape, "limits") };
}
