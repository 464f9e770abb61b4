import type { Invariant } from "../invariant.ts";

/** A worker's transactions sleep at most a second, its statements give up after three, and a fault may last as long again. */
const mostMs = 30_000;

export const cleanEnd: Invariant = {
  id: "C1",
  title: "A process that is asked to finish ends all it has begun, ends in time, and leaves nothing on the server",
  check({ final, histories }, { checked, anomaly }) {
    for (const { worker, incarnation, tookMs, code, sessions } of final.farewells) {
      checked();
      const asLate = sessions ? `; when it was late: ${sessions.join("; ") || "it had no session"}` : "";
      if (code !== 0) anomaly(`worker ${worker}.${incarnation} ended with code ${code} after ${tookMs} ms${asLate}`);
      else if (tookMs > mostMs) anomaly(`worker ${worker}.${incarnation} took ${tookMs} ms to end${asLate}`);
    }
    for (const { process, unfinished } of histories.closed) {
      checked();
      if (unfinished.length > 0) anomaly(`${process} ended and left ${unfinished.join(", ")} unanswered`);
    }
    for (const session of final.sessions) anomaly(`a session is still at work: ${session}`);
    for (const lock of final.locks) anomaly(`an advisory lock is still held: ${lock}`);
  },
};
