import { firstArrivals, judgeArrivals } from "../check/arrivals.ts";
import { type Invariant, judge, type Verdict } from "../check/invariant.ts";
import { quartersOf } from "./memory.ts";
import { allowanceMebibytes } from "./plan.ts";
import type { OutageRecord } from "./record.ts";

export const mebibyte: number = 1_024 * 1_024;

const boundedMemory: Invariant<OutageRecord> = {
  id: "D1",
  title: `The heap of the relay's process is larger by at most ${allowanceMebibytes} MiB in the last quarter of the outage than in the first`,
  check({ looks, plan }, { checked, anomaly }) {
    checked(looks.length);
    const [first, , , last] = quartersOf(looks);
    const [grown, behind] = [(last.heap - first.heap) / mebibyte, (last.backlog - first.backlog) / mebibyte];
    // Also where one of them is no number.
    if (!(grown <= allowanceMebibytes)) anomaly(`it grew by ${grown.toFixed(1)} MiB`);
    if (!(behind >= plan.times * allowanceMebibytes))
      anomaly(`the backlog grew by ${behind.toFixed(0)} MiB, which is less than ${plan.times} times ${allowanceMebibytes} MiB: that proves too little`);
  },
};

const holding: Invariant<OutageRecord> = {
  id: "D2",
  title: "The relay holds, says so in its state, in health and to its worker, and puts nothing aside",
  check({ health: { during, after }, told, letters }, { checked, anomaly }) {
    checked(4);
    if (during.status !== "failing" || !during.advice?.includes("again and again")) anomaly(`health said ${JSON.stringify(during)} of its lag`);
    if (after.status !== "ok") anomaly(`health still said ${JSON.stringify(after)} once it had caught up`);
    if (!told.includes("SINK_UNAVAILABLE")) anomaly(`its worker was told ${told.join(", ") || "nothing"}`);
    if (letters > 0) anomaly(`${letters} messages were put aside`);
  },
};

const everyEvent: Invariant<OutageRecord> = {
  id: "D3",
  title: "The broker has every event, whole, and no other, each stream in order; one comes twice only over the outage",
  check({ log, arrivals, awayFrom, awayUntil }, { checked, anomaly }) {
    judgeArrivals(arrivals, [[awayFrom, awayUntil]], anomaly);
    const found = firstArrivals(arrivals);
    for (const [id, stream, position, digest] of log) {
      checked();
      const arrival = found.get(id);
      found.delete(id);
      if (!arrival) anomaly(`${id} of ${stream} at ${position} was never published`);
      else if (arrival[1] !== stream || arrival[2] !== position || arrival[5] !== digest) anomaly(`${id} of ${stream} at ${position} was published as another`);
    }
    for (const [id, [, key, position]] of found) anomaly(`${id} of ${key} at ${position} was published, and is not in the log`);
  },
};

/** What must hold of an outage. */
export function judgeOutage(record: OutageRecord): readonly Verdict[] {
  return judge([boundedMemory, holding, everyEvent], record);
}
