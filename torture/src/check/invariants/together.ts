import type { Invariant } from "../invariant.ts";
import type { Evidence } from "../invariant.ts";

/** Appends to several streams that were written: the versions they reach, by stream. */
function spread({ histories, log }: Evidence): { readonly name: string; readonly reach: ReadonlyMap<string, number> }[] {
  return histories.appends.flatMap(({ name, call }) => {
    const reach = new Map<string, number>();
    for (const { stream, ids } of call.parts) {
      const first = ids[0] === undefined ? undefined : log.byId.get(ids[0]);
      if (first && !reach.has(stream)) reach.set(stream, first.version);
    }
    return reach.size > 1 ? [{ name, reach }] : [];
  });
}

export const together: Invariant = {
  id: "L5",
  title: "An append to several streams is in all of them or in none, in every snapshot",
  check(evidence, { checked, anomaly }) {
    const appends = spread(evidence);
    const byStream = new Map<string, typeof appends>();
    for (const append of appends) {
      for (const stream of append.reach.keys()) {
        const others = byStream.get(stream);
        if (others) others.push(append);
        else byStream.set(stream, [append]);
      }
    }
    for (const { name, call, versions } of evidence.histories.snapshots) {
      if (!versions) continue;
      const at = new Map(call.streams.map((stream, index) => [stream, versions[index] ?? 0]));
      const looked = new Set([...at.keys()].flatMap((stream) => byStream.get(stream) ?? []));
      for (const append of looked) {
        const seen = [...append.reach].filter(([stream]) => at.has(stream)).map(([stream, version]) => (at.get(stream) ?? 0) >= version);
        if (seen.length < 2) continue;
        checked();
        if (seen.some((one) => one !== seen[0]))
          anomaly(`${name} saw a part of ${append.name}: ${JSON.stringify([...append.reach])} at ${JSON.stringify([...at])}`);
      }
    }
  },
};
