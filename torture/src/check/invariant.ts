import type { FinalState } from "../history/final.ts";
import type { Histories } from "./history.ts";
import type { Log } from "./log.ts";

/** Everything the checker knows of a run. */
export interface Evidence {
  readonly histories: Histories;
  readonly log: Log;
  readonly final: FinalState;
}

/** Takes what a check finds. */
export interface Findings {
  /** Something was looked at. A check that looked at nothing proves nothing. */
  checked(count?: number): void;
  anomaly(text: string): void;
  /** It cannot be looked at here: something is not installed. */
  notRun(reason: string): void;
}

/** Something that must hold, whatever goes wrong. */
export interface Invariant<Of = Evidence> {
  /** As in the table of the report: L1, S1 … */
  readonly id: string;
  readonly title: string;
  check(evidence: Of, findings: Findings): void;
}

/** What a check found. */
export interface Verdict {
  readonly id: string;
  readonly title: string;
  readonly checked: number;
  readonly anomalies: number;
  /** The first of them. */
  readonly examples: readonly string[];
  /** Why it was not looked at. */
  readonly notRun?: string;
}

const told = 20;

export function judge<Of>(invariants: readonly Invariant<Of>[], evidence: Of): Verdict[] {
  return invariants.map(({ id, title, check }) => {
    let [checked, anomalies] = [0, 0];
    const examples: string[] = [];
    let reason: string | undefined;
    check(evidence, {
      checked: (count = 1) => void (checked += count),
      anomaly(text) {
        anomalies++;
        if (examples.length < told) examples.push(text);
      },
      notRun: (why) => void (reason = why),
    });
    return { id, title, checked, anomalies, examples, ...(reason !== undefined && { notRun: reason }) };
  });
}
