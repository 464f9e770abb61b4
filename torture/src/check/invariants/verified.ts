import type { Invariant } from "../invariant.ts";

export const verified: Invariant = {
  id: "H1",
  title: "The library's own verification finds nothing wrong; where a run chains its events, each carries the hash of itself and of the one before it",
  check({ final: { verified: report } }, { checked, anomaly }) {
    if (!report) return;
    checked(report.events);
    for (const problem of report.problems) anomaly(problem);
  },
};
