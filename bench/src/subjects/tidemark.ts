import { type EventStore, openEventStore, type StoreOptions } from "tidemark";
import { eventData, eventType } from "../payload.ts";
import type { Subject } from "./subject.ts";

export interface TidemarkSubject extends Subject {
  readonly store: EventStore;
  /** Reads the whole log from its start. */
  readAll(): Promise<number>;
}

/** Tidemark with its default options, but for those given. */
export async function openTidemark(url: string, options: StoreOptions = {}): Promise<TidemarkSubject> {
  const store: EventStore = await openEventStore(url, options);
  return {
    name: "Tidemark",
    store,
    async append(streamId, count, isNew) {
      const events = Array.from({ length: count }, () => ({ type: eventType, data: eventData }));
      await store.appendToStream(streamId, events, { expectedVersion: isNew ? "no-stream" : "any" });
      return count;
    },
    async readStream(streamId) {
      return (await store.readStream(streamId).toArray()).length;
    },
    async readAll() {
      let events = 0;
      for await (const batch of store.readAll().batches(1_000)) events += batch.length;
      return events;
    },
    async follow() {
      const end = await store.highWaterMark();
      let events = 0;
      for await (const { position } of store.subscribe()) {
        events += 1;
        if (position >= end) break;
      }
      return events;
    },
    close: () => store.close(),
  };
}
