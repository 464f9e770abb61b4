import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { defineConsumer, type EventStore } from "tidemark";
import type { Sample } from "../sample.ts";
import type { Contestant, Scenario } from "../scenario.ts";
import { openTidemark } from "../subjects/tidemark.ts";

const waitMs = 5;

async function consume(store: EventStore, shards: number, seconds: number): Promise<Sample> {
  let events = 0;
  const consumer = defineConsumer({
    name: randomUUID(),
    shards,
    async handle() {
      await pause(waitMs);
      events += 1;
    },
  });
  const worker = store.createWorker({ consumers: [consumer] });
  await worker.start();
  const from = { events, at: performance.now() };
  await pause(seconds * 1_000);
  const sample = { events: events - from.events, seconds: (performance.now() - from.at) / 1_000, latencies: [] };
  await worker.stop();
  return sample;
}

export const fourShards: Scenario = {
  number: 15,
  title: "Four shards instead of one, when the handler waits",
  about: `A new consumer each time, from the beginning of a log of 20,000 events in 200 streams. Its handler waits ${waitMs} ms for each event, as for something outside.`,
  async prepare(setting) {
    const subject = await openTidemark(await setting.createDatabase());
    setting.cleanup.defer(() => subject.close());
    for (let n = 0; n < 200; n += 1) await subject.append(`cart-${n}`, 100, true);
    const contestant = (shards: number, name: string): Contestant => ({ name, measure: (seconds) => consume(subject.store, shards, seconds) });
    return [
      {
        label: "one worker",
        subject: "four shards",
        contestants: [contestant(1, "one shard"), contestant(4, "four shards")],
        targets: [{ against: "one shard", atLeast: 2.5 }],
      },
    ];
  },
};
