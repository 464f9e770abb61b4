import type { Invariant } from "../invariant.ts";

export const denseVersions: Invariant = {
  id: "L1",
  title: "Versions of a stream are 1 … n, in the order of the log, and never change",
  check({ log, histories }, { checked, anomaly }) {
    for (const [stream, events] of log.streams) {
      checked(events.length);
      let position = 0;
      for (const [index, event] of events.entries()) {
        if (event.version !== index + 1) {
          anomaly(`${stream} has version ${event.version} where ${index + 1} should be (position ${event.position})`);
          break;
        }
        if (event.position <= position) anomaly(`${stream} version ${event.version} stands at ${event.position}, below its predecessor at ${position}`);
        position = event.position;
      }
    }
    for (const { name, call, events } of histories.reads) {
      const now = log.streams.get(call.stream) ?? [];
      for (const [index, [position, id]] of (events ?? []).entries()) {
        checked();
        const there = now[call.from - 1 + index];
        if (there?.short !== id || there.position !== position)
          anomaly(
            `${name} read ${id} at ${position} as version ${call.from + index} of ${call.stream}, where there is now ${there?.short} at ${there?.position}`,
          );
      }
    }
  },
};
