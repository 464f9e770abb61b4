import type { Verdict } from "./invariant.ts";
import type { Tally } from "./tally.ts";

/** What the checker says of a run: verdict.json. */
export interface CheckedRun {
  readonly verdicts: readonly Verdict[];
  readonly tally: Tally;
}

/** An invariant fails where something contradicts it, and where nothing was there to be looked at, unless it could not be looked at here. */
export function holds({ anomalies, checked, notRun }: Verdict): boolean {
  return anomalies === 0 && (checked > 0 || notRun !== undefined);
}
