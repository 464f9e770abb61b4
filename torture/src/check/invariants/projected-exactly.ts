import type { Invariant } from "../invariant.ts";

export const projectedExactly: Invariant = {
  id: "S8",
  title: "In every snapshot, documents are the folds of their events: of all of them inline, up to the checkpoint async",
  check({ final: { projected } }, { checked, anomaly }) {
    if (!projected) return;
    checked(projected.documents);
    for (const difference of projected.differences) anomaly(difference);
  },
};
