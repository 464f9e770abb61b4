import type { Invariant } from "../invariant.ts";

export const markReachesEnd: Invariant = {
  id: "S2",
  title: "When nothing is open any more the mark is the last event, and nobody holds it back",
  check({ log, final }, { checked, anomaly }) {
    checked();
    const last = log.events.at(-1)?.position ?? 0;
    if (final.highWaterMark !== last) anomaly(`the mark is ${final.highWaterMark}, the last event is at ${last}`);
    if (final.blockers > 0) anomaly(`${final.blockers} blockers hold the mark back`);
  },
};
