import type { Invariant } from "../invariant.ts";

/** The most that a fault sets the server's clock back, and what a process takes to heed it. */
const jumpMs = 22_000;

export const neverEarly: Invariant = {
  id: "T2",
  title: "No timer fires before it is due by the server's clock",
  check({ histories, log, final }, { checked, anomaly }) {
    if (!final.timers) return;
    checked(histories.timers.filter(({ call }) => call.kind === "set timer" && log.byId.has(call.id)).length);
    // Set back between taking a timer and recording its event, the clock itself says that it was early.
    const allowed = final.timers.clockJumped ? jumpMs : 0;
    for (const [id, ms] of final.timers.early) if (ms > allowed) anomaly(`${id} was taken ${Math.ceil(ms)} ms before it was due`);
  },
};
