import { setTimeout as delay } from "node:timers/promises";
import { defineConsumer, type EventStore } from "tidemark";
import type { Client } from "../worker/client.ts";
import { failure, type Call } from "./call.ts";
import { threeEvents } from "./read-calls.ts";

/** What the consumers of all cases write: without a key, so that an event that counts twice is there twice. */
export const handledTable = "create table public.handled (consumer text not null, position bigint not null)";

const handlerMs = 200;

/**
 * Until it is caught up, or until the time is over; what is left is left to another worker.
 *
 * @param options - `poison`: the version whose event fails at every try, and is put aside. `hangs`: the one whose first try takes longer
 * than its time, and writes after all. `until`: what else is waited for.
 */
export async function consume(
  store: EventStore,
  category: string,
  forMs: number,
  { poison = 0, hangs = 0, until }: { readonly poison?: number; readonly hangs?: number; readonly until?: () => Promise<void> } = {},
): Promise<void> {
  const consumer = defineConsumer({
    name: category,
    filter: [{ categories: [category] }],
    shards: 1,
    timeoutMs: hangs === 0 ? 60_000 : handlerMs,
    retry: { attempts: poison === 0 ? 20 : 1, minDelayMs: 5, maxDelayMs: 50 },
    async handle(event, context) {
      if (event.version === poison) throw new Error("poison");
      if (event.version === hangs && context.attempt === 1) await delay(2 * handlerMs);
      await context.query("insert into public.handled values ($1, $2)", [category, event.position]);
    },
  });
  const worker = store.createWorker({ consumers: [consumer], timers: false, leaseMs: 1_500, onError: () => undefined });
  try {
    await worker.start();
    await Promise.race([worker.caughtUp().then(until), delay(forMs)]);
  } finally {
    await worker.stop({ timeoutMs: 1_000 });
  }
}

/** Dead letters that somebody wants tried again are no part of catching up. */
async function lettersAreGone(store: EventStore, consumer: string): Promise<void> {
  while ((await store.deadLetters.list({ consumer })).length > 0) await delay(50);
}

/** Lets a worker handle what is left. Undefined: `wanted` events of the three were handled, each once, and none is put aside. */
export async function handledOnce(store: EventStore, category: string, wanted: number): Promise<string | undefined> {
  await consume(store, category, 15_000, { until: () => lettersAreGone(store, category) });
  const { rows } = await store.query<{ position: string }>("select position from public.handled where consumer = $1 order by position", [category]);
  const letters = await store.deadLetters.list({ consumer: category });
  const handled = rows.map(({ position }) => position);
  if (handled.length !== wanted || new Set(handled).size !== wanted || letters.length > 0)
    return `handled ${JSON.stringify(handled)} of three events, and put ${letters.length} aside`;
  return undefined;
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
    verify: ({ store }: Client, category) => failure(() => handledOnce(store, category, 3)),
  },
  {
    name: "consume three events, one of which hangs",
    promise: "S7",
    prepare: threeEvents,
    async run({ store, perform }, category) {
      await perform({ kind: "snapshot", streams: [] }, async () => {
        await consume(store, category, 4_000, { hangs: 2 });
        return { kind: "snapshot" as const, versions: [] };
      });
    },
    verify: ({ store }: Client, category) => failure(() => handledOnce(store, category, 3)),
  },
];
