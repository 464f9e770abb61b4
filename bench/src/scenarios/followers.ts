import { randomUUID } from "node:crypto";
import { type EventStore, openEventStore } from "tidemark";
import type { Sample } from "../sample.ts";
import type { Contestant, Scenario, Setting } from "../scenario.ts";
import { openServerCpu, type ServerCpu } from "../server-cpu.ts";
import { openTidemark, type TidemarkSubject } from "../subjects/tidemark.ts";

const batch = 100;

/** Follows from the end; `seen` is called for each event. */
async function follow(store: EventStore, signal: AbortSignal, seen: () => void): Promise<void> {
  try {
    for await (const _ of store.subscribe({ after: await store.highWaterMark(), signal })) seen();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Appends until `events` were written while `followers` follow live, and takes the server's processor time until all have all. */
async function measure(writer: TidemarkSubject, reader: EventStore, followers: number, events: number, cpu: ServerCpu): Promise<Sample> {
  const controller = new AbortController();
  const done = Promise.withResolvers<void>();
  let left = events * followers;
  const seen = (): void => {
    left -= 1;
    if (left === 0) done.resolve();
  };
  const following = Array.from({ length: followers }, () => follow(reader, controller.signal, seen));
  const before = await cpu();
  for (let written = 0; written < events; written += batch) await writer.append(`cart-${randomUUID()}`, batch, true);
  if (followers > 0) await done.promise;
  const seconds = (await cpu()) - before;
  controller.abort();
  await Promise.all(following);
  return { events, seconds, latencies: [] };
}

export const tenFollowers: Scenario = {
  number: 13,
  title: "Ten live followers instead of one",
  about:
    "100,000 events are appended, 100 a call, while one or ten subscriptions of another store follow live. Counted is the processor time of all processes of the server, the appends' included.",
  unit: "events / CPU s",
  async prepare(setting) {
    const events = setting.quick ? 10_000 : 100_000;
    const url = await setting.createDatabase();
    const cpu = await openServerCpu(url);
    if (!cpu) {
      setting.progress("left out: the server's processes cannot be seen from here");
      return [];
    }
    const { writer, reader } = await openPair(setting, url);
    const contestant = (followers: number, name: string): Contestant => ({ name, measure: () => measure(writer, reader, followers, events, cpu) });
    return [
      {
        label: "CPU of the server",
        subject: "one follower",
        contestants: [contestant(1, "one follower"), contestant(10, "ten followers")],
        targets: [{ spreadAtMost: 1.5 }],
      },
    ];
  },
};

async function openPair(setting: Setting, url: string): Promise<{ writer: TidemarkSubject; reader: EventStore }> {
  const writer = await openTidemark(url);
  setting.cleanup.defer(() => writer.close());
  const reader = await openEventStore(url);
  setting.cleanup.defer(() => reader.close());
  return { writer, reader };
}
