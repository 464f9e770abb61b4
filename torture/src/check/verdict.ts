import type { Verdict } from "./invariant.ts";
import type { Tally } from "./tally.ts";

/** What the checker says of a run: verdict.json. */
export interface CheckedRun {
  readonly verdicts: readonly Verdict[];
  readonly tally: Tally;
}

/** An invariant fails where something contradicts it, and where nothing was there to be looked at. */
export function holds({ anomalies, checked }: Verdict): boolean {
  return anomalies === 0 && checked > 0;
}
