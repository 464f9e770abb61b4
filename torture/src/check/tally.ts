import type { Histories } from "./history.ts";
import type { Arrival, FinalState } from "../history/final.ts";
import type { Log } from "./log.ts";

/** What a run amounted to. */
export interface Tally {
  readonly operations: number;
  readonly acknowledgedEvents: number;
  readonly log: number;
  readonly delivered: number;
  /** By operation: how its calls ended. */
  readonly outcomes: Readonly<Record<string, { ok: number; fail: number; unknown: number }>>;
  /** By code: how often an append ended so. */
  readonly codes: Readonly<Record<string, number>>;
  /** Appends of unknown outcome that turned out to be there, and not to be there. */
  readonly unknownThere: number;
  readonly unknownAbsent: number;
  /** Messages at the broker, how many of them came between the first fault and the end of the last, and how many came again. */
  readonly published?: { readonly messages: number; readonly meanwhile: number; readonly again: number };
  /** When the histories begin, by their clock, and for each second after: events acknowledged, and the longest append that ended, in ms. */
  readonly from: number;
  readonly perSecond: readonly (readonly [acknowledged: number, longestMs: number])[];
}

export function tallyOf({ appends, reads, snapshots, follows, timers, publishes }: Histories, log: Log, published?: FinalState["published"]): Tally {
  const outcomes: Record<string, { ok: number; fail: number; unknown: number }> = {};
  const codes: Record<string, number> = {};
  const from = appends.reduce((least, append) => Math.min(least, append.from), Number.POSITIVE_INFINITY);
  const perSecond: [number, number][] = [];
  let [acknowledgedEvents, unknownThere, unknownAbsent] = [0, 0, 0];
  const count = (name: string, outcome: "ok" | "fail" | "unknown"): void => void (outcomes[name] ??= { ok: 0, fail: 0, unknown: 0 })[outcome]++;

  for (const { call, outcome, code, from: began, until } of appends) {
    count(call.again === true ? `${call.how}, again` : call.how, outcome);
    const ids = call.parts.flatMap((part) => part.ids);
    if (outcome !== "ok") codes[code] = (codes[code] ?? 0) + 1;
    if (outcome === "unknown" && ids[0] !== undefined) {
      if (log.byId.has(ids[0])) unknownThere++;
      else unknownAbsent++;
    }
    if (!Number.isFinite(until)) continue;
    const second = Math.floor((until - from) / 1e6);
    while (perSecond.length <= second) perSecond.push([0, 0]);
    const bucket = perSecond[second];
    if (!bucket) continue;
    bucket[1] = Math.max(bucket[1], Math.round((until - began) / 1_000));
    if (outcome !== "ok" || call.again === true) continue;
    acknowledgedEvents += ids.length;
    bucket[0] += ids.length;
  }
  for (const { events } of reads) count("read a stream", events ? "ok" : "fail");
  for (const { versions } of snapshots) count("read a snapshot", versions ? "ok" : "fail");
  for (const { call, outcome } of timers) count(call.kind === "set timer" ? "set a timer" : "cancel a timer", outcome);
  for (const { outcome } of publishes) count("publish", outcome);
  let delivered = 0;
  for (const { seen } of follows) delivered += seen.length;
  return {
    operations: appends.length + reads.length + snapshots.length + follows.length + timers.length + publishes.length,
    acknowledgedEvents,
    log: log.events.length,
    delivered,
    outcomes,
    codes,
    unknownThere,
    unknownAbsent,
    ...(published && "events" in published && { published: publishedOf([...published.events, ...published.messages], published.faults) }),
    from,
    perSecond,
  };
}

function publishedOf(arrivals: readonly Arrival[], faults: readonly (readonly [from: number, until: number])[]): NonNullable<Tally["published"]> {
  const [from, until] = [faults[0]?.[0] ?? 0, faults.at(-1)?.[1] ?? 0];
  return {
    messages: arrivals.length,
    meanwhile: arrivals.filter(([, , , , at]) => at >= from && at <= until).length,
    again: arrivals.length - new Set(arrivals.map(([id]) => id)).size,
  };
}
