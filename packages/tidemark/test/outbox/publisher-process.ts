// A process of kills.test.ts: publishes messages in transactions that append, too, a loop for each key, until it is killed.
import { randomUUID } from "node:crypto";
import { openEventStore, type EventStore } from "tidemark";

export interface Orders {
  readonly url: string;
  readonly schema: string;
  readonly keys: readonly string[];
}

/** A transaction of this key that was committed, and heard of it: the version of its event. */
export interface Committed {
  readonly key: string;
  readonly version: number;
}

/** Each transaction publishes a message, appends the event that names both of its messages, and publishes the second one. */
async function publishOn(store: EventStore, key: string): Promise<never> {
  let version = (await store.readStream(key).toArray()).length;
  for (;;) {
    const [first, second] = [randomUUID(), randomUUID()];
    await store.transaction(async (tx) => {
      await tx.publish({ id: first, topic: "mail", key, payload: {} });
      await tx.appendToStream(key, [{ type: "Mailed", data: { messages: [first, second] } }], { expectedVersion: version });
      await tx.publish({ id: second, topic: "mail", key, payload: {} });
    });
    version++;
    process.send?.({ key, version } satisfies Committed);
  }
}

async function obey({ url, schema, keys }: Orders): Promise<void> {
  const store = await openEventStore(url, { schema, migrate: "off" });
  await Promise.all(keys.map((key) => publishOn(store, key)));
}

process.once("message", (orders: Orders) => void obey(orders));
