import type { ContestantResult } from "./run.ts";
import type { Target } from "./scenario.ts";
import { median } from "./statistics.ts";

export interface Verdict {
  /** The row of the table it stands in. */
  readonly beside: string;
  /** `≥ 3×` */
  readonly target: string;
  /** Where the target is one. */
  readonly ratio?: number;
  readonly met: boolean;
}

/** Holds the medians against the targets. A target against a contestant that did not run has no verdict. */
export function judge(subject: string, targets: readonly Target[], results: readonly ContestantResult[]): readonly Verdict[] {
  const rates = results.map(({ eventsPerSecond }) => eventsPerSecond);
  return targets.flatMap((target): readonly Verdict[] => {
    if ("spreadAtMost" in target) {
      const ratio = Math.max(...rates) / Math.min(...rates);
      return [{ beside: subject, target: `spread ≤ ${target.spreadAtMost}×`, ratio, met: ratio <= target.spreadAtMost }];
    }
    if ("of" in target) return absolute(target, results);
    const ratio = ratioTo(target.against, subject, results);
    if (ratio === undefined) return [];
    const { against, atLeast, orRate = Number.POSITIVE_INFINITY } = target;
    const rate = results.find(({ name }) => name === subject)?.eventsPerSecond ?? 0;
    const other = target.orRate === undefined ? "" : ` or ${orRate.toLocaleString("en")}`;
    return [{ beside: against, target: `≥ ${atLeast}×${other}`, ratio, met: ratio >= atLeast || rate >= orRate }];
  });
}

function absolute(target: Extract<Target, { readonly of: string }>, results: readonly ContestantResult[]): readonly Verdict[] {
  const result = results.find(({ name }) => name === target.of);
  if (!result) return [];
  if ("medianAtMostMs" in target) return [{ beside: target.of, target: `median ≤ ${target.medianAtMostMs} ms`, met: result.medianMs <= target.medianAtMostMs }];
  if ("p99AtMostMs" in target) return [{ beside: target.of, target: `p99 ≤ ${target.p99AtMostMs} ms`, met: result.p99Ms <= target.p99AtMostMs }];
  if ("longestAtMostMs" in target) {
    const { longestMs } = result;
    return [{ beside: target.of, target: `longest ${Math.ceil(longestMs)} ≤ ${target.longestAtMostMs} ms`, met: longestMs <= target.longestAtMostMs }];
  }
  if ("p99AtMostTimes" in target) {
    const other = results.find(({ name }) => name === target.against);
    if (!other) return [];
    const times = result.p99Ms / other.p99Ms;
    return [{ beside: target.of, target: `p99 ${times.toFixed(2)}× ≤ ${target.p99AtMostTimes}×`, met: times <= target.p99AtMostTimes }];
  }
  return [{ beside: target.of, target: `≤ ${target.atMost}`, met: result.eventsPerSecond <= target.atMost }];
}

/** How many times what `against` does the subject does. */
export function ratioTo(against: string, subject: string, results: readonly ContestantResult[]): number | undefined {
  const resultOf = (name: string): ContestantResult | undefined => results.find((result) => result.name === name);
  const mine = resultOf(subject);
  const theirs = resultOf(against);
  if (!mine || !theirs) return undefined;
  if (!mine.paired) return mine.eventsPerSecond / theirs.eventsPerSecond;
  return median(mine.rates.map((rate, turn) => rate / (theirs.rates[turn] ?? Number.NaN)));
}
