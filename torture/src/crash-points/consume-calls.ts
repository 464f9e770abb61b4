import { setTimeout as delay } from "node:timers/promises";
import { defineConsumer, type EventStore } from "tidemark";
import type { Client } from "../worker/client.ts";
import { failure, type Call } from "./call.ts";
import { threeEvents } from "./read-calls.ts";

/** What the consumers of all cases write: without a key, so that an event that counts twice is there twice. */
export const handledTable = "create table public.handled (consumer text not null, position bigint not null)";

/** Until it is caught up, or until the time is over; what is left is left to another worker. */
async function consume(store: EventStore, category: string, forMs: number): Promise<void> {
  const consumer = defineConsumer({
    name: category,
    filter: [{ categories: [category] }],
    shards: 1,
    retry: { attempts: 20, minDelayMs: 5, maxDelayMs: 50 },
    handle: async (event, context) => void (await context.query("insert into public.handled values ($1, $2)", [category, event.position])),
  });
  const worker = store.createWorker({ consumers: [consumer], leaseMs: 1_500, onError: () => undefined });
  try {
    await worker.start();
    await Promise.race([worker.caughtUp(), delay(forMs)]);
  } finally {
    await worker.stop({ timeoutMs: 1_000 });
  }
}

export const consumeCalls: readonly Call[] = [
  {
    name: "consume three events",
    promise: "S7",
    prepare: threeEvents,
    async run({ store, perform }, category) {
      await perform({ kind: "snapshot", streams: [] }, async () => {
        await consume(store, category, 4_000);
        return { kind: "snapshot" as const, versions: [] };
      });
    },
    verify: ({ store }: Client, category) =>
      failure(async () => {
        await consume(store, category, 15_000);
        const { rows } = await store.query<{ position: string }>("select position from public.handled where consumer = $1 order by position", [category]);
        const letters = await store.deadLetters.list({ consumer: category });
        const handled = rows.map(({ position }) => position);
        if (handled.length !== 3 || new Set(handled).size !== 3 || letters.length > 0)
          return `handled ${JSON.stringify(handled)} of three events, and put ${letters.length} aside`;
        return undefined;
      }),
  },
];
