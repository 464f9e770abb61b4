import type { Arrival } from "../history/final.ts";

/** The broker's clock and that of the histories are read one after the other, and a message that was under way may come behind a cut. */
const clocksMs = 2_000;

/** Of messages that may have come more than once. */
export function firstArrivals(arrivals: readonly Arrival[]): Map<string, Arrival> {
  const first = new Map<string, Arrival>();
  for (const arrival of arrivals) if (!first.has(arrival[0])) first.set(arrival[0], arrival);
  return first;
}

/**
 * Messages of a key first come in the order of their positions, whoever sends them. One owner of a shard sends its messages in that order, and
 * one of them again only behind a fault.
 */
export function judgeArrivals(
  arrivals: readonly Arrival[],
  faults: readonly (readonly [from: number, until: number])[],
  anomaly: (text: string) => void,
): void {
  const reached = new Map<string, Arrival>();
  const seen = new Map<string, Arrival>();
  for (const arrival of arrivals) {
    const [id, key, position, fence, at] = arrival;
    const furthest = reached.get(key);
    if (!seen.has(id) && furthest && furthest[2] > position) anomaly(`${key}: ${id} at ${position} came after the one at ${furthest[2]}`);
    if (!furthest || furthest[2] < position) reached.set(key, arrival);
    const owner = `${fence} ${key}`;
    const last = reached.get(owner);
    if (last && last[2] > position) anomaly(`${key}: the owner with fence ${fence} sent ${id} at ${position} after the one at ${last[2]}`);
    reached.set(owner, arrival);
    const earlier = seen.get(id);
    seen.set(id, arrival);
    if (earlier?.[3] === fence && !faults.some(([from, until]) => from <= at + clocksMs && until >= earlier[4] - clocksMs))
      anomaly(`${key}: ${id} came at ${earlier[4]} and again at ${at} of one owner, and nothing was broken in between`);
  }
}
