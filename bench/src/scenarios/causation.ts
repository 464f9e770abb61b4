import { randomUUID } from "node:crypto";
import { type EventStore, openEventStore } from "tidemark";
import { eventType, eventData } from "../payload.ts";
import type { Comparison, Scenario, Setting } from "../scenario.ts";
import { contestant } from "../subjects/open.ts";

async function openStore(setting: Setting, withIndexes: boolean): Promise<EventStore> {
  const store = await openEventStore(await setting.createDatabase());
  setting.cleanup.defer(() => store.close());
  if (withIndexes) await store.indexes.create("causation");
  return store;
}

async function append(store: EventStore): Promise<number> {
  const metadata = { correlationId: randomUUID(), causationId: randomUUID() };
  await store.appendToStream(`cart-${randomUUID()}`, [{ type: eventType, data: eventData, metadata }], { expectedVersion: "no-stream" });
  return 1;
}

export const appendWithCausationIndexes: Scenario = {
  number: 48,
  title: "Append with the indexes of causation",
  about:
    "Every call appends one event to a new stream, with a correlation id and a causation id of its own. With indexes: tidemark indexes create causation. Each store has a database of its own.",
  async prepare(setting) {
    const [plain, indexed] = [await openStore(setting, false), await openStore(setting, true)];
    return [1, 100].map((callers): Comparison => ({
      label: callers === 1 ? "1 caller" : `${callers} callers`,
      subject: "with indexes",
      contestants: [contestant("without indexes", callers, () => append(plain)), contestant("with indexes", callers, () => append(indexed))],
      targets: [],
    }));
  },
};
