import { randomUUID } from "node:crypto";
import type { EventStore, StoreTransaction } from "tidemark";
import { eventData, eventType } from "../payload.ts";
import type { Comparison, Scenario } from "../scenario.ts";
import { openBareOutbox } from "../subjects/bare-outbox.ts";
import { contestant, openOnNewDatabase } from "../subjects/open.ts";
import { openTidemark } from "../subjects/tidemark.ts";

async function transact(store: EventStore, publish: (tx: StoreTransaction) => Promise<unknown> = async () => {}): Promise<number> {
  await store.transaction(async (tx) => {
    await tx.appendToStream(`cart-${randomUUID()}`, [{ type: eventType, data: eventData }], { expectedVersion: "no-stream" });
    await publish(tx);
  });
  return 1;
}

export const publishMessages: Scenario = {
  number: 65,
  title: "Publish a message in a transaction",
  about:
    "Every call is a transaction that appends one event to a new stream, and publishes a message of the same size with it or not. Bare driver: the same transactions by hand, into a table of events and one of messages, without checks or an order that a relay could follow. Each has a database of its own.",
  unit: "transactions/s",
  async prepare(setting) {
    const plain = await openOnNewDatabase(setting, openTidemark);
    const publishing = await openOnNewDatabase(setting, openTidemark);
    const bare = await openOnNewDatabase(setting, openBareOutbox);
    return [1, 10].map((callers): Comparison => ({
      label: callers === 1 ? "1 caller" : `${callers} callers`,
      subject: "append and publish",
      contestants: [
        contestant("append alone", callers, () => transact(plain.store)),
        contestant("append and publish", callers, () =>
          transact(publishing.store, (tx) => tx.publish({ topic: "mail", key: randomUUID(), payload: eventData })),
        ),
        contestant("bare driver, append alone", callers, () => bare.append()),
        contestant("bare driver, append and publish", callers, () => bare.appendAndPublish()),
      ],
      targets: [],
    }));
  },
};
