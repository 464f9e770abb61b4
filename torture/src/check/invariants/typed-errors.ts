import type { Invariant } from "../invariant.ts";

export const typedErrors: Invariant = {
  id: "L9",
  title: "Every failure is an error of the library's that says what became of the append",
  check({ histories }, { checked, anomaly }) {
    checked(histories.appends.filter(({ outcome }) => outcome !== "ok").length);
    for (const text of histories.untyped) anomaly(text);
  },
};
