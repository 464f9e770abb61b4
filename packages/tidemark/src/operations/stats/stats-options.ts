import { wholeNumber } from "../../arguments/checks.ts";
import { checkOptions, type Shape } from "../../arguments/options.ts";

/**
 * Options of `stats`.
 *
 * @example
 * ```ts
 * const options: StatsOptions = { days: 90 };
 * ```
 */
export interface StatsOptions {
  /** How many days to tell of, today included. From 1 to 366. @defaultValue 30 */
  readonly days?: number;
}

const shape = { days: wholeNumber(1, 366) } satisfies Shape;

/** @throws {@link InvalidArgumentError} */
export function checkStatsOptions(options: StatsOptions | undefined): Required<StatsOptions> {
  return { days: 30, ...checkOptions(options, shape) };
}
