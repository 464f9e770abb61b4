import { randomUUID } from "node:crypto";
import { defineConsumer, openEventStore } from "tidemark";
import type { Sample } from "../sample.ts";
import type { Scenario } from "../scenario.ts";
import { startEmmettProcessor } from "../subjects/emmett-consumer.ts";
import { openEmmett } from "../subjects/emmett.ts";
import { openWithEvents } from "../subjects/filled.ts";
import { contestant } from "../subjects/open.ts";
import { openTidemark } from "../subjects/tidemark.ts";

const events = 100_000;

/** The time until all have arrived; `fromFirst`: since the first did. */
async function countUntil(all: number, start: (seen: () => void) => Promise<{ stop(): Promise<void> }>, fromFirst = false): Promise<Sample> {
  const done = Promise.withResolvers<void>();
  let seen = 0;
  let before = performance.now();
  const running = await start(() => {
    seen += 1;
    if (fromFirst && seen === 1) before = performance.now();
    if (seen === all) done.resolve();
  });
  await done.promise;
  const seconds = (performance.now() - before) / 1_000;
  await running.stop();
  return { events: all, seconds, latencies: [] };
}

/** Emmett's processor takes a second for about a thousand. */
const peerEvents = 3_000;

export const consumerCatchesUp: Scenario = {
  number: 11,
  title: "A consumer that does nothing catches up with 100,000 events",
  about:
    "Every measurement starts a new durable consumer at the beginning of the log, with a worker of its own, and waits until its handler has had everything. readAll: the same events without checkpoints. Emmett: a processor with its default settings, on 3,000 events, from the first that it handles on.",
  async prepare(setting) {
    const { subject, url } = await openWithEvents(setting, openTidemark, events);
    const emmett = setting.withPeers ? await openWithEvents(setting, openEmmett, peerEvents) : undefined;
    const store = await openEventStore(url);
    setting.cleanup.defer(() => store.close());

    async function startConsumer(seen: () => void): Promise<{ stop(): Promise<void> }> {
      const worker = store.createWorker({ consumers: [defineConsumer({ name: `nothing-${randomUUID()}`, handle: seen })] });
      await worker.start();
      return worker;
    }

    return [
      {
        label: "one consumer",
        subject: "Tidemark",
        contestants: [
          contestant("readAll", 1, () => subject.readAll()),
          { name: "Tidemark", measure: () => countUntil(events, startConsumer) },
          ...(emmett ? [{ name: "Emmett", measure: () => countUntil(peerEvents, (seen) => startEmmettProcessor(emmett.url, seen), true) }] : []),
        ],
        targets: [
          { against: "readAll", atLeast: 0.7 },
          { against: "Emmett", atLeast: 30 },
        ],
      },
    ];
  },
};
