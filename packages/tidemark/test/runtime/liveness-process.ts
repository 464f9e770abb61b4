// A process of liveness.test.ts: runs a worker until it is killed.
import { defineConsumer, openEventStore } from "tidemark";

export interface Orders {
  readonly url: string;
  readonly schema: string;
  readonly consumer: string;
  readonly shards: number;
  readonly leaseMs: number;
}

async function obey({ url, schema, consumer, shards, leaseMs }: Orders): Promise<void> {
  const store = await openEventStore(url, { schema, migrate: "off" });
  const worker = store.createWorker({ consumers: [defineConsumer({ name: consumer, shards, handle: () => {} })], leaseMs });
  await worker.start();
  process.send?.("started");
}

process.once("message", (orders: Orders) => void obey(orders));
