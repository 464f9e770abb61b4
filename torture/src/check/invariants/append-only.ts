import type { Invariant } from "../invariant.ts";

export const appendOnly: Invariant = {
  id: "L13",
  title: "Nobody changes or removes an event, the superuser included",
  check({ final }, { checked, anomaly }) {
    checked(final.changes.length);
    for (const outcome of final.changes) if (outcome !== "TM004") anomaly(`an update, delete or truncate ended with ${outcome}`);
  },
};
