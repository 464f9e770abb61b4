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

/** Counts what arrives until all have, or for four times as long as asked. */
async function countUntil(all: number, seconds: number, start: (seen: () => void) => Promise<{ stop(): Promise<void> }>): Promise<Sample> {
  const done = Promise.withResolvers<void>();
  const limit = setTimeout(() => done.resolve(), seconds * 4_000);
  let seen = 0;
  const before = performance.now();
  const running = await start(() => {
    seen += 1;
    if (seen === all) done.resolve();
  });
  await done.promise;
  const taken = (performance.now() - before) / 1_000;
  const count = seen;
  clearTimeout(limit);
  await running.stop();
  return { events: count, seconds: taken, latencies: [] };
}

export const consumerCatchesUp: Scenario = {
  number: 11,
  title: "A consumer that does nothing catches up with 100,000 events",
  about:
    "Every measurement starts a new durable consumer at the beginning of the log, with a worker of its own, and waits until its handler has had everything. readAll: the same events without checkpoints. Emmett: a processor with its default settings, for four times as long as the others, or until it has had everything.",
  async prepare(setting) {
    const { subject, url } = await openWithEvents(setting, openTidemark, events);
    const emmett = setting.withPeers ? await openWithEvents(setting, openEmmett, setting.quick ? 10_000 : events) : undefined;
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
          { name: "Tidemark", measure: (seconds) => countUntil(events, seconds, startConsumer) },
          ...(emmett ? [{ name: "Emmett", measure: (seconds: number) => countUntil(events, seconds, (seen) => startEmmettProcessor(emmett.url, seen)) }] : []),
        ],
        targets: [
          { against: "readAll", atLeast: 0.7 },
          { against: "Emmett", atLeast: 30 },
        ],
      },
    ];
  },
};
