import { randomUUID } from "node:crypto";
import { type EventStore, openEventStore } from "tidemark";
import { eventData, eventType } from "../payload.ts";
import type { Comparison, Contestant, Scenario, Setting } from "../scenario.ts";
import { contestant } from "../subjects/open.ts";

const streams = 1_000;

async function openStore(setting: Setting, integrity: "none" | "chain"): Promise<EventStore> {
  const store = await openEventStore(await setting.createDatabase(), { integrity });
  setting.cleanup.defer(() => store.close());
  return store;
}

async function append(store: EventStore, streamId: string, events: number): Promise<number> {
  await store.appendToStream(
    streamId,
    Array.from({ length: events }, () => ({ type: eventType, data: eventData })),
  );
  return events;
}

export const appendWithChain: Scenario = {
  number: 49,
  title: "Append with a chain of hashes",
  about: `integrity: "chain" against a store without it: to new streams, to one of ${streams.toLocaleString("en")} streams chosen at random, and ten events to a new stream.`,
  async prepare(setting) {
    const [plain, chained] = [await openStore(setting, "none"), await openStore(setting, "chain")];
    const compare = (label: string, callers: number, streamId: () => string, events = 1): Comparison => {
      const of = (name: string, store: EventStore): Contestant => contestant(name, callers, () => append(store, streamId(), events));
      return {
        label: `${label}, ${callers === 1 ? "1 caller" : `${callers} callers`}`,
        subject: "with a chain",
        contestants: [of("without", plain), of("with a chain", chained)],
        targets: callers === 100 ? [{ against: "without", atLeast: 0.85 }] : [],
      };
    };
    const fresh = (): string => `cart-${randomUUID()}`;
    const known = (): string => `cart-${Math.floor(Math.random() * streams)}`;
    return [
      compare("new streams", 1, fresh),
      compare("new streams", 100, fresh),
      compare("existing streams", 100, known),
      compare("ten events", 10, fresh, 10),
    ];
  },
};
