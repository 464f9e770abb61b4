import type { ContestantResult } from "../run.ts";
import type { Verdict } from "../verdicts.ts";

export interface ComparisonReport {
  readonly label: string;
  readonly subject: string;
  readonly contestants: readonly ContestantResult[];
  readonly verdicts: readonly Verdict[];
  /** Why nothing was measured. */
  readonly notMeasured?: string;
}

export interface ScenarioReport {
  readonly number: number;
  readonly title: string;
  readonly about: string;
  /** What is counted. */
  readonly unit: string;
  readonly comparisons: readonly ComparisonReport[];
}

/** One run: what `--json` writes. */
export interface Report {
  readonly startedAt: string;
  readonly tookSeconds: number;
  readonly rounds: number;
  readonly secondsPerMeasurement: number;
  readonly quick: boolean;
  readonly versions: Readonly<Record<string, string>>;
  readonly scenarios: readonly ScenarioReport[];
}

/** `node 24.21.0, pg 8.23.1, …` */
export function versionsLine({ versions }: Pick<Report, "versions">): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}
