import type { Invariant } from "../invariant.ts";

/** Refused for what it holds, or because nothing is taken any more. */
const refusals = new Set(["INVALID_ARGUMENT", "EVENT_TOO_LARGE", "STORE_CLOSED"]);

export const withinLimits: Invariant = {
  id: "L12",
  title: "What is beyond a limit is refused by name before it is sent; what is at the limit is written",
  check({ histories }, { checked, anomaly }) {
    for (const { name, call, outcome, code, until } of histories.appends) {
      if (!Number.isFinite(until)) continue;
      if (call.misfit !== undefined) {
        checked();
        if (outcome !== "fail" || !refusals.has(code)) anomaly(`${name}, with ${call.misfit}, ended with ${outcome} ${code}`);
      } else if (call.how === "append at a limit") {
        checked();
        if (code === "INVALID_ARGUMENT" || code === "EVENT_TOO_LARGE" || code.startsWith("DATABASE 54"))
          anomaly(`${name} is within the limits and was refused with ${code}`);
      }
    }
  },
};
