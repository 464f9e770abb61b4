import type { Invariant } from "../invariant.ts";

/** Refusals that only what the append itself holds can earn; these appends hold nothing of the kind. */
const never = /^(INVALID_ARGUMENT|EVENT_TOO_LARGE|DUPLICATE_EVENT|DATABASE (22|23|42|XX))/;

export const ownVerdict: Invariant = {
  id: "L11",
  title: "Appends that share a transaction have verdicts of their own: nobody is refused for a neighbour's fault",
  check({ histories }, { checked, anomaly }) {
    for (const { name, call, code, conflicts } of histories.appends) {
      if (call.misfit !== undefined) continue;
      checked();
      if (never.test(code)) anomaly(`${name} was refused with ${code}`);
      for (const [stream] of conflicts) {
        const part = call.parts.find((candidate) => candidate.stream === stream);
        if (!part) anomaly(`${name} conflicts over ${stream}, which is not its own`);
        else if (part.expected === "any") anomaly(`${name} conflicts over ${stream}, of which it expects nothing`);
      }
    }
  },
};
