import type { Invariant } from "../invariant.ts";
import type { TimerUse } from "../operations.ts";

/** What the calls of one key say of the last timer that was set: whether it has to be in the log. */
type Wanted = "fired" | "not fired" | "either";

/** One client used the key, one call after the other. */
function wantedOf(uses: readonly TimerUse[]): ReadonlyMap<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  /** The one that is there, unless it has fired. */
  let last: string | undefined;
  for (const { call, outcome, there } of uses) {
    if (call.kind === "set timer") {
      if (outcome === "fail") {
        wanted.set(call.id, "not fired");
        continue;
      }
      // What it replaced may have fired before. Where nobody knows whether it was set, both may be there, or neither.
      if (last !== undefined) wanted.set(last, "either");
      wanted.set(call.id, outcome === "ok" ? "fired" : "either");
      last = call.id;
    } else if (last !== undefined && outcome !== "fail" && wanted.get(last) === "fired") {
      wanted.set(last, outcome === "unknown" ? "either" : there ? "not fired" : "fired");
    }
  }
  return wanted;
}

export const firedOrCancelled: Invariant = {
  id: "T1",
  title: "A timer fires, or was cancelled, never both and never neither; one that was refused or rolled back does not fire",
  check({ histories, log, final }, { checked, anomaly }) {
    if (!final.timers) return;
    if (final.timers.waiting > 0) anomaly(`${final.timers.waiting} timers were due and have not fired`);
    const byKey = Map.groupBy(histories.timers, ({ call }) => call.key);
    for (const [key, uses] of byKey) {
      for (const [id, wanted] of wantedOf(uses)) {
        if (wanted === "either") continue;
        checked();
        const names = uses.map(({ name, outcome, there }) => `${name} ${outcome}${there === undefined ? "" : ` ${there}`}`).join(", ");
        if (log.byId.has(id) && wanted === "not fired") anomaly(`${id} of ${key} fired, though it was refused or cancelled (${names})`);
        if (!log.byId.has(id) && wanted === "fired") anomaly(`${id} of ${key} was set, and neither fired nor was cancelled (${names})`);
      }
    }
  },
};
