import { retry } from "../../consume/consumers.ts";
import { isPoison } from "../../consume/trouble.ts";
import type { Invariant } from "../invariant.ts";

export const poisonAside: Invariant = {
  id: "S10",
  title: "What is put aside is poison, or found the database refusing or too slow at all eight attempts, or stands behind such",
  check({ log, final: { consumed } }, { checked, anomaly }) {
    if (!consumed) return;
    const byPosition = new Map(log.events.map((event) => [event.position, event]));
    const poisoned = new Map<string, number>();
    checked(consumed.effects.length);
    // Letters of older runs do not tell how often they were tried.
    for (const [consumer, position, state, errorCode, attempts = retry.attempts] of consumed.letters) {
      checked();
      const event = byPosition.get(position);
      if (!event) continue;
      const key = `"${consumer}" ${event.stream}`;
      if (state === "failed") {
        if (!isPoison(event.id) && (!isDatabases(errorCode) || attempts < retry.attempts))
          anomaly(`${key}: ${position} was given up on after ${attempts} attempts (${errorCode}), and would have been handled`);
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

/**
 * A handler's write that fails is a failure like any other, and so is one that takes longer than its handler may: eight tries take half a
 * second, or eight times 0.8 seconds. A disk is full for longer, and a machine with too much to do is as slow for minutes.
 */
function isDatabases(code: string | null | undefined): boolean {
  return code != null && /^(DATABASE|CONNECTION|HANDLER_TIMEOUT|[0-9][0-9A-Z]{4})$/.test(code);
}
