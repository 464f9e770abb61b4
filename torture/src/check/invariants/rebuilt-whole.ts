import type { Invariant } from "../invariant.ts";

/** What a version that comes or goes would do to an append: what it writes is not known, or is no more as its plan had it. */
const forItsSake = /^(UNKNOWN_PROJECTION|PROJECTION_(?!FAILED)|DATABASE (42|0A))/;

export const rebuiltWhole: Invariant = {
  id: "S9",
  title:
    "A version that is built, swapped, rolled back or dropped disturbs no append, and in every snapshot all versions, and what is shown, are folds of their events",
  check({ histories, final: { rebuilt } }, { checked, anomaly }) {
    if (!rebuilt) return;
    checked(rebuilt.documents);
    for (const text of rebuilt.wrong) anomaly(text);
    for (const { name, outcome, code } of histories.appends) if (outcome === "fail" && forItsSake.test(code)) anomaly(`${name} failed with ${code}`);
  },
};
