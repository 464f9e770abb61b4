import type { Sample } from "./sample.ts";

/** One side of a comparison. */
export interface Contestant {
  readonly name: string;
  /** Works for at least `seconds`. */
  readonly measure: (seconds: number) => Promise<Sample>;
}

/** What must be true of a comparison's medians. */
export type Target =
  /** The subject does at least so many times what `against` does. */
  | {
      readonly against: string;
      readonly atLeast: number;
      /** Or so many a second, in the scenario's unit. */
      readonly orRate?: number;
    }
  /** The fastest contestant does at most so many times what the slowest does. */
  | { readonly spreadAtMost: number }
  /** Of the calls of one contestant. */
  | { readonly of: string; readonly medianAtMostMs: number }
  | { readonly of: string; readonly p99AtMostMs: number }
  | { readonly of: string; readonly longestAtMostMs: number }
  /** The p99 of one contestant's calls, as many times that of another's. */
  | { readonly of: string; readonly against: string; readonly p99AtMostTimes: number }
  /** The rate of one contestant, in the scenario's unit. */
  | { readonly of: string; readonly atMost: number };

/** Contestants that do the same work. */
export interface Comparison {
  readonly label: string;
  /** The contestant that ratios are of. */
  readonly subject: string;
  readonly contestants: readonly Contestant[];
  readonly targets: readonly Target[];
  /**
   * Each round is cut into so many slices, in each of which all contestants take a turn. A ratio is then the median of those of each slice, which
   * tells differences that are smaller than what rates differ by from round to round. @defaultValue rounds are not cut, and ratios are those of medians
   */
  readonly slices?: number;
  /** Why there are no contestants: the row says so. */
  readonly notMeasured?: string;
}

/** What a scenario gets to work with. */
export interface Setting {
  readonly quick: boolean;
  /** Whether the peers' packages are installed. */
  readonly withPeers: boolean;
  /** Creates an empty database and returns its url. It is dropped after the scenario. */
  createDatabase(): Promise<string>;
  /** Runs after the scenario, last registered first. */
  readonly cleanup: AsyncDisposableStack;
  progress(text: string): void;
}

export interface Scenario {
  readonly number: number;
  readonly title: string;
  /** One or two sentences: what a call does. */
  readonly about: string;
  /** What is counted. Default: events/s. */
  readonly unit?: string;
  /** Opens and fills the databases. */
  prepare(setting: Setting): Promise<readonly Comparison[]>;
}
