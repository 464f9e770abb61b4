import type { Invariant } from "../invariant.ts";

export const readAsToday: Invariant = {
  id: "V3",
  title: "Read with today's catalogue, the log gives all that its events are to it, in order, and no batch ends inside of one",
  check({ final: { decoded } }, { checked, anomaly }) {
    if (!decoded) return;
    checked(decoded.events);
    for (const text of decoded.wrong) anomaly(text);
  },
};
