import { isDerived } from "../../errands/inputs.ts";
import type { Invariant } from "../invariant.ts";
import type { Append } from "../operations.ts";

/** All tries of one append: those with the same first id. */
export function triesOf(appends: readonly Append[]): Map<string, Append[]> {
  const tries = new Map<string, Append[]>();
  for (const append of appends) {
    const first = append.call.parts.find(({ ids }) => ids.length > 0)?.ids[0];
    if (first === undefined) continue;
    const others = tries.get(first);
    if (others) others.push(append);
    else tries.set(first, [append]);
  }
  return tries;
}

export const acknowledgedStays: Invariant = {
  id: "L2",
  title: "Acknowledged is there, once, all of it and unaltered; refused is not there; unknown is there once or not at all",
  check({ log, histories, final }, { checked, anomaly }) {
    for (const event of log.repeated) anomaly(`${event.id} stands twice in the log, the second time at ${event.position}`);
    for (const [id, found] of final.altered) anomaly(`${id} came back with ${found}`);
    for (const text of histories.altered) anomaly(text);

    const known = new Set<string>();
    for (const tries of triesOf(histories.appends).values()) {
      const ids = tries[0]?.call.parts.flatMap((part) => part.ids) ?? [];
      for (const id of ids) known.add(id);
      checked(ids.length);
      const there = ids.filter((id) => log.byId.has(id)).length;
      const names = tries.map(({ name, outcome, code }) => `${name} ${outcome} ${code}`).join(", ");
      if (there > 0 && there < ids.length) anomaly(`only ${there} of ${ids.length} events are there (${names})`);
      const acknowledged = tries.some(({ outcome }) => outcome === "ok");
      if (acknowledged && there < ids.length) anomaly(`lost: ${ids.length - there} events were acknowledged and are gone, the first is ${ids[0]} (${names})`);
      if (tries.every(({ outcome }) => outcome === "fail") && there > 0)
        anomaly(`resurrected: ${ids[0]} is there although nothing was to be written (${names})`);
    }
    // What became of these, and of what the process wrote, other checks tell.
    for (const { call } of histories.timers) if (call.kind === "set timer") known.add(call.id);
    for (const { call } of histories.publishes) if (call.event) known.add(call.event[1]);
    const others = final.errands ? log.events.filter(({ id }) => !isDerived(id)) : log.events;
    for (const event of others) if (!known.has(event.id)) anomaly(`${event.id} at ${event.position} was never sent, or was rolled back`);
  },
};
