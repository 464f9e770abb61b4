import type { Evidence, Invariant } from "../invariant.ts";

/** An append to several streams that was written. */
interface Spread {
  readonly name: string;
  /** The version that it reaches in each of its streams. */
  readonly reach: ReadonlyMap<string, number>;
}

/** By the position of each of their first events in a stream; and how far apart such positions of one append are at most. */
function spreadAppends({ histories, log }: Evidence): { readonly at: ReadonlyMap<number, Spread>; readonly widest: number } {
  const at = new Map<number, Spread>();
  let widest = 0;
  for (const { name, call } of histories.appends) {
    const reach = new Map<string, number>();
    const positions: number[] = [];
    for (const { stream, ids } of call.parts) {
      const first = ids[0] === undefined ? undefined : log.byId.get(ids[0]);
      if (!first || reach.has(stream)) continue;
      reach.set(stream, first.version);
      positions.push(first.position);
    }
    if (reach.size < 2) continue;
    for (const position of positions) at.set(position, { name, reach });
    widest = Math.max(widest, Math.max(...positions) - Math.min(...positions));
  }
  return { at, widest };
}

export const together: Invariant = {
  id: "L5",
  title: "An append to several streams is in all of them or in none, in every snapshot",
  check(evidence, { checked, anomaly }) {
    const { at: appends, widest } = spreadAppends(evidence);
    const { streams } = evidence.log;
    for (const { name, call, versions } of evidence.histories.snapshots) {
      if (!versions) continue;
      const seen = new Map(call.streams.map((stream, index) => [stream, versions[index] ?? 0]));
      let furthest = 0;
      for (const [stream, version] of seen) furthest = Math.max(furthest, streams.get(stream)?.[version - 1]?.position ?? 0);
      // Of an append that was seen in part, the part that was not stands no further than this.
      for (const [stream, version] of seen) {
        checked();
        for (let next = version, events = streams.get(stream) ?? []; next < events.length; next++) {
          const event = events[next];
          if (!event || event.position > furthest + widest) break;
          const append = appends.get(event.position);
          if (append && [...append.reach].some(([other, reached]) => (seen.get(other) ?? 0) >= reached))
            anomaly(`${name} saw a part of ${append.name}: ${JSON.stringify([...append.reach])} at ${JSON.stringify([...seen])}`);
        }
      }
    }
  },
};
