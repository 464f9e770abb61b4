import { troubleOf } from "../../consume/trouble.ts";
import type { Invariant } from "../invariant.ts";

export const poisonAside: Invariant = {
  id: "S10",
  title: "What is put aside is poison, or stands behind poison of its stream",
  check({ log, final: { consumed } }, { checked, anomaly }) {
    if (!consumed) return;
    const byPosition = new Map(log.events.map((event) => [event.position, event]));
    const poisoned = new Map<string, number>();
    checked(consumed.effects.length);
    for (const [consumer, position, state] of consumed.letters) {
      checked();
      const event = byPosition.get(position);
      if (!event) continue;
      const key = `"${consumer}" ${event.stream}`;
      if (state === "failed") {
        if (troubleOf(event.id) !== "poison") anomaly(`${key}: ${position} was given up on, and would have been handled`);
        poisoned.set(key, Math.min(event.version, poisoned.get(key) ?? event.version));
      } else if ((poisoned.get(key) ?? Number.POSITIVE_INFINITY) > event.version)
        anomaly(`${key}: ${position} is put aside, and nothing of its stream has failed before it`);
    }
    for (const [consumer, position, id] of consumed.effects) {
      const event = log.byId.get(id);
      const key = event && `"${consumer}" ${event.stream}`;
      if (event && (poisoned.get(key ?? "") ?? Number.POSITIVE_INFINITY) < event.version)
        anomaly(`${key}: ${position} was handled, and an earlier event waits`);
    }
  },
};
