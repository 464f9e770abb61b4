import { troubleOf } from "../../consume/trouble.ts";
import type { Invariant } from "../invariant.ts";

/** A worker's own lists grow slowly; what it reads from the log must not stay. */
const mostMegabytes = 900;

export const boundedMemory: Invariant = {
  id: "S13",
  title: "Slow consumers and followers keep no more than their share of memory, and who is blocked beyond its lease does nothing twice",
  check({ histories, log, final: { consumed } }, { checked, anomaly }) {
    for (const { process, peakMegabytes } of histories.closed) {
      if (peakMegabytes === undefined) continue;
      checked();
      if (peakMegabytes > mostMegabytes) anomaly(`${process} took ${peakMegabytes} MB`);
    }
    const times = new Map<string, number>();
    for (const [consumer, , id] of consumed?.effects ?? []) {
      if (consumer === "singly" && troubleOf(id) === "blocks once") times.set(id, (times.get(id) ?? 0) + 1);
    }
    const aside = new Set(consumed?.letters.map(([, position]) => position));
    for (const [id, event] of log.byId) {
      if (!consumed || troubleOf(id) !== "blocks once" || !/^(warm|race)-/.test(event.stream) || aside.has(event.position)) continue;
      checked();
      if (times.get(id) !== 1) anomaly(`${id} at ${event.position}, which blocks its process for longer than a lease, was handled ${times.get(id) ?? 0} times`);
    }
  },
};
