import { setTimeout as delay } from "node:timers/promises";
import { type EventStore, openEventStore } from "tidemark";
import { eventData, eventType } from "../payload.ts";
import { callInLoops, type Sample } from "../sample.ts";
import type { Scenario } from "../scenario.ts";
import { tally } from "../subjects/tally.ts";
import { filled } from "./projections.ts";

const callers = 10;

/** Appends to streams of the log, all the time until `over`. */
async function appendUntil(store: EventStore, streams: number, over: () => Promise<boolean>): Promise<Sample> {
  const latencies: number[] = [];
  const started = performance.now();
  const run = { going: true };
  const loops = Array.from({ length: callers }, async () => {
    while (run.going) {
      const before = performance.now();
      await store.appendToStream(`cart-${Math.floor(Math.random() * streams)}`, [{ type: eventType, data: eventData }]);
      latencies.push(performance.now() - before);
    }
  });
  try {
    while (!(await over())) await delay(50);
  } finally {
    run.going = false;
    await Promise.all(loops);
  }
  return { events: latencies.length, seconds: (performance.now() - started) / 1_000, latencies };
}

export const inlineBecomesLive: Scenario = {
  number: 28,
  title: "Append while an inline projection becomes live",
  about:
    "A store of 1,000,000 events is opened with an inline projection that it did not have. 10 callers append all the time, from the opening until appends write the projection; before: the same without it, for 10 s. One measurement. Longest: no append waits over 200 ms for the projection.",
  async prepare(setting) {
    const events = setting.quick ? 20_000 : 1_000_000;
    const streams = events / 20;
    const url = await filled(setting, events, streams);
    setting.progress("appending without the projection");
    const before = await openEventStore(url);
    const without = await callInLoops(callers, setting.quick ? 1 : 10, async () => {
      await before.appendToStream(`cart-${Math.floor(Math.random() * streams)}`, [{ type: eventType, data: eventData }]);
      return 1;
    });
    await before.close();
    // It becomes live once.
    let measured: Promise<Sample> | undefined;
    const becomeLive = async (): Promise<Sample> => {
      const projection = tally("inline");
      const store = await openEventStore(url, { projections: [projection] });
      setting.cleanup.defer(() => store.close());
      return await appendUntil(store, streams, async () => {
        const { state, position } = await store.projections.get(projection.name);
        setting.progress(`the projection is at ${position}`);
        return state === "live";
      });
    };
    return [
      {
        label: `${callers} callers`,
        subject: "becoming live",
        contestants: [
          { name: "before", measure: async () => without },
          { name: "becoming live", measure: () => (measured ??= becomeLive()) },
        ],
        targets: [{ of: "becoming live", longestAtMostMs: 200 }],
      },
    ];
  },
};
