import type { Invariant } from "../invariant.ts";

export const countedOnce: Invariant = {
  id: "S7",
  title: "Effects in the same database happen exactly once: a counter is at the number of events handled",
  check({ final: { consumed } }, { checked, anomaly }) {
    if (!consumed) return;
    const counts = new Map<string, number>();
    for (const [consumer, , , shard] of consumed.effects) counts.set(`"${consumer}", shard ${shard}`, (counts.get(`"${consumer}", shard ${shard}`) ?? 0) + 1);
    for (const [consumer, shard, events] of consumed.totals) {
      checked(events);
      const key = `"${consumer}", shard ${shard}`;
      if (counts.get(key) !== events) anomaly(`${key} counted ${events} events and handled ${counts.get(key) ?? 0}`);
      counts.delete(key);
    }
    for (const [key, count] of counts) anomaly(`${key} handled ${count} events and counted none`);
  },
};
