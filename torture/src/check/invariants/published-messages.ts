import { payloadOf } from "../../publish/payload.ts";
import type { Arrival } from "../../history/final.ts";
import { firstArrivals, judgeArrivals } from "../arrivals.ts";
import type { Invariant } from "../invariant.ts";
import type { Publish } from "../operations.ts";

export const publishedMessages: Invariant = {
  id: "O1",
  title: "A message of the outbox reaches the broker if and only if its transaction was committed, each key in the order of the calls",
  check({ histories, log, final: { published } }, { checked, anomaly, notRun }) {
    if (!published) return;
    if ("notRun" in published) return notRun(published.notRun);
    judgeArrivals(published.messages, published.faults, anomaly);
    const found = firstArrivals(published.messages);
    const callOf = new Map<string, Publish>();
    for (const publish of histories.publishes) {
      const { name, outcome, call } = publish;
      checked();
      for (const [, id] of call.messages) callOf.set(id, publish);
      const missing = call.messages.filter(([key, id]) => found.get(id)?.[1] !== key).length;
      const there = call.messages.length - missing;
      if (outcome === "ok" && missing > 0) anomaly(`${name} was committed, and ${missing} of its ${call.messages.length} messages were never published`);
      if (outcome === "fail" && there > 0) anomaly(`${name} was rolled back, and ${there} of its messages were published`);
      if (there > 0 && missing > 0) anomaly(`${name}: ${there} of ${call.messages.length} messages were published`);
      if (call.event && log.byId.has(call.event[1]) !== there > 0)
        anomaly(`${name}: its event is ${there > 0 ? "not " : ""}there, and its messages are${there > 0 ? "" : " not"}`);
    }
    for (const [id, [, key, , , , payload]] of found) {
      if (!callOf.has(id)) anomaly(`${id} of ${key} was published, and its transaction never was to commit it`);
      const wanted = payloadOf(id);
      if (JSON.stringify(payload) !== JSON.stringify(wanted) && !sameFields(payload, wanted)) anomaly(`${id} was published with ${JSON.stringify(payload)}`);
    }
    for (const [key, arrivals] of Map.groupBy(found.values(), ([, of]) => of)) judgeRealTime(key, arrivals, callOf, anomaly);
  },
};

/** The database keeps no order of fields. */
function sameFields(payload: unknown, wanted: object): boolean {
  if (typeof payload !== "object" || payload === null) return false;
  const given = Object.entries(payload);
  return given.length === Object.keys(wanted).length && given.every(([name, value]) => Reflect.get(wanted, name) === value);
}

/** A message whose transaction had ended before another one's began is before it. */
function judgeRealTime(key: string, arrivals: readonly Arrival[], callOf: ReadonlyMap<string, Publish>, anomaly: (text: string) => void): void {
  let [earliestEnd, earliest] = [Number.POSITIVE_INFINITY, ""];
  for (const [id] of arrivals.toReversed()) {
    const call = callOf.get(id);
    if (!call) continue;
    if (call.from > earliestEnd) anomaly(`${key}: ${id} began after ${earliest} had ended, and was published before it`);
    if (call.outcome === "ok" && call.until < earliestEnd) [earliestEnd, earliest] = [call.until, id];
  }
}
