import { isPublished } from "../../publish/relays.ts";
import type { Invariant } from "../invariant.ts";
import { firstArrivals, judgeArrivals } from "../arrivals.ts";

export const publishedEvents: Invariant = {
  id: "S11",
  title: "The broker has every event that its relay wants, and no other, each key in order; one comes twice only over a fault or a takeover",
  check({ log, final: { published } }, { checked, anomaly, notRun }) {
    if (!published) return;
    if ("notRun" in published) return notRun(published.notRun);
    if (published.stuck !== undefined) anomaly(`a relay did not get to the end: ${published.stuck}`);
    for (const letter of published.letters) anomaly(`a message was put aside: ${letter}`);
    judgeArrivals(published.events, published.faults, anomaly);
    const found = firstArrivals(published.events);
    for (const { id, position, stream } of log.events) {
      if (!isPublished(stream)) continue;
      checked();
      const arrival = found.get(id);
      found.delete(id);
      if (!arrival) anomaly(`${id} of ${stream} at ${position} was never published`);
      else if (arrival[1] !== stream || arrival[2] !== position)
        anomaly(`${id} of ${stream} at ${position} was published as of ${arrival[1]} at ${arrival[2]}`);
    }
    for (const [id, [, key, position]] of found) anomaly(`${id} of ${key} at ${position} was published, and is not in the log`);
  },
};
