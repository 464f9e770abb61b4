import type { Invariant } from "../invariant.ts";

export const causalPositions: Invariant = {
  id: "L10",
  title: "An append that begins after another has returned stands behind it in the log",
  check({ histories, log }, { checked, anomaly }) {
    const written = histories.appends.flatMap(({ name, from, until, outcome, call }) => {
      const positions = call.again === true ? [] : call.parts.flatMap(({ ids }) => ids.flatMap((id) => log.byId.get(id)?.position ?? []));
      if (positions.length === 0) return [];
      let [least, most] = [Number.POSITIVE_INFINITY, 0];
      for (const position of positions) [least, most] = [Math.min(least, position), Math.max(most, position)];
      return [{ name, from, until: outcome === "ok" ? until : Number.POSITIVE_INFINITY, least, most }];
    });
    const ended = written.toSorted((a, b) => a.until - b.until);
    let next = 0;
    let furthest: (typeof written)[number] | undefined;
    for (const append of written.toSorted((a, b) => a.from - b.from)) {
      checked();
      for (let other = ended[next]; other && other.until < append.from; other = ended[++next]) {
        if (other.most > (furthest?.most ?? 0)) furthest = other;
      }
      if (furthest && append.least < furthest.most)
        anomaly(`${append.name} stands at ${append.least}, and ${furthest.name} returned before it began and stands at ${furthest.most}`);
    }
  },
};
