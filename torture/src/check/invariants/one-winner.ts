import type { Expected } from "../../history/entry.ts";
import type { Invariant } from "../invariant.ts";
import type { Append } from "../operations.ts";

/** The version that an append expects, where it expects one. */
function exactly(expected: Expected): number | undefined {
  if (typeof expected === "number") return expected;
  return expected === "no-stream" ? 0 : undefined;
}

function fits(expected: Expected, actual: number): boolean {
  const exact = exactly(expected);
  if (exact !== undefined) return actual === exact;
  return expected === "stream-exists" ? actual > 0 : true;
}

export const oneWinner: Invariant = {
  id: "L3",
  title: "Each expected version has one winner, who follows it at once; a conflict tells a version that does not fit",
  check({ log, histories }, { checked, anomaly }) {
    const winners = new Map<string, Append>();
    for (const append of histories.appends) {
      if (append.outcome === "ok") {
        // A later part for the same stream follows an earlier one of the same transaction.
        const own = new Set<string>();
        const position = append.call.parts.flatMap(({ ids }) => ids).map((id) => log.byId.get(id)?.position ?? 0)[0] ?? 0;
        for (const { stream, expected, ids } of append.call.parts) {
          const exact = exactly(expected);
          const first = ids[0] === undefined ? undefined : log.byId.get(ids[0]);
          // A stream that is only checked stays where it is until the append is written: what follows stands behind it.
          if (exact !== undefined && ids.length === 0 && position > 0) {
            checked();
            const [last, next] = [log.streams.get(stream)?.[exact - 1], log.streams.get(stream)?.[exact]];
            if (next && next.position < position)
              anomaly(`${append.name} found ${stream} at ${exact}, and stands at ${position} behind version ${next.version} at ${next.position}`);
            if (exact > 0 && (!last || last.position > position)) anomaly(`${append.name} found ${stream} at ${exact} before it was there`);
          }
          if (exact === undefined || first === undefined || own.has(stream)) continue;
          own.add(stream);
          checked();
          if (first.version !== exact + 1) anomaly(`${append.name} expected ${stream} at ${exact} and follows version ${first.version - 1}`);
          const key = `${exact} ${stream}`;
          const other = winners.get(key);
          if (other && !other.call.parts.some((part) => part.ids.includes(first.id)))
            anomaly(`${append.name} and ${other.name} both won ${stream} at ${exact}`);
          winners.set(key, append);
        }
      }
      for (const [stream, actual] of append.conflicts) {
        checked();
        const part = append.call.parts.find((candidate) => candidate.stream === stream);
        if (part && fits(part.expected, actual)) anomaly(`${append.name} conflicts over ${stream} at ${actual}, which is what it expected`);
        const last = log.streams.get(stream)?.length ?? 0;
        if (actual > last) anomaly(`${append.name} was told that ${stream} is at ${actual}; it ended at ${last}`);
      }
    }
  },
};
