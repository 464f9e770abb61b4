import { partsOf } from "../../history/content.ts";
import type { Invariant } from "../invariant.ts";
import { indexAfter, type LogEvent } from "../log.ts";

export const completeFeed: Invariant = {
  id: "S1",
  title: "A follower is given every event that it wants, once, in order, from wherever it begins",
  check({ histories, log, final }, { checked, anomaly }) {
    for (const { name, call, seen } of histories.follows) {
      const { category, type, reading = "stored" } = call;
      const wanted = ({ stream, id }: LogEvent): boolean =>
        (category === undefined || stream.split("-")[0] === category) && partsOf(id, reading).some((part) => type === undefined || part.type === type);
      let index = indexAfter(log.events, call.after);
      let last = call.after;
      for (const [position, id] of seen) {
        checked();
        if (position <= last) {
          anomaly(`${name} was given ${position} after ${last}`);
          continue;
        }
        for (; index < log.events.length; index++) {
          const event = log.events[index];
          if (!event || event.position >= position) break;
          if (wanted(event)) anomaly(`${name} skipped ${event.position} (${event.id} of ${event.stream}) between ${last} and ${position}`);
        }
        const there = log.events[index];
        if (there?.position === position) index++;
        if (there?.position !== position || there.short !== id)
          anomaly(`${name} was given ${id} at ${position}, where there is ${there?.position === position ? there.id : "nothing"}`);
        last = position;
      }
    }
    checked(log.events.length);
    if (final.read.length !== log.events.length || final.read.some((position, index) => position !== log.events[index]?.position)) {
      anomaly(`a fresh reader was given ${final.read.length} events from zero; the log has ${log.events.length}`);
    }
  },
};
