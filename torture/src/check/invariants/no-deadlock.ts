import type { Invariant } from "../invariant.ts";

export const noDeadlock: Invariant = {
  id: "L6",
  title: "No deadlock by the store's own locks",
  check({ final, histories }, { checked, anomaly }) {
    checked(histories.appends.length);
    if (final.deadlocks > 0) anomaly(`the server's log tells of ${final.deadlocks} deadlocks`);
    for (const { name, code } of histories.appends) if (code.endsWith("40P01")) anomaly(`${name} ended in a deadlock`);
  },
};
