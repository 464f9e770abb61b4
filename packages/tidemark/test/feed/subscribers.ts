import { setImmediate as turn } from "node:timers/promises";
import type { EventStore } from "../../src/store/event-store.ts";
import type { EventQuery } from "../../src/model/event.ts";
import type { Read } from "./follower.ts";
import { randomFrom } from "./random.ts";

/** A subscription that runs beside the writers. */
export interface Subscriber {
  readonly name: string;
  /** Positions in the order in which they came. */
  readonly seen: readonly number[];
  wants(event: Read): boolean;
  stop(): Promise<void>;
}

interface Manner {
  readonly name: string;
  readonly filter?: EventQuery;
  wants?(event: Read): boolean;
  /** How many turns of the event loop each event takes it. */
  readonly slowness?: number;
  /** The chance, at each event, that it is left and starts again from the last one. */
  readonly restarts?: number;
  readonly batches?: boolean;
}

const some = ["stream-1", "stream-22", "stream-33"];
const manners: readonly Manner[] = [
  { name: "live" },
  { name: "in batches", batches: true },
  { name: "filtered", filter: { streamIds: some }, wants: ({ stream }) => some.includes(stream) },
  { name: "filtered by data", filter: { data: { streamId: "stream-5" } }, wants: ({ stream }) => stream === "stream-5" },
  { name: "slow", slowness: 3 },
  { name: "restarted at any event", restarts: 0.05 },
  { name: "restarted and filtered", restarts: 0.2, filter: { streamIds: some }, wants: ({ stream }) => some.includes(stream) },
];

/** One of each manner, in turn on each of the two stores. */
export function subscribers(one: EventStore, two: EventStore, seed: number): readonly Subscriber[] {
  return manners.map((manner, n) => subscriber(n % 2 === 0 ? one : two, manner, randomFrom(seed + n)));
}

function subscriber(
  store: EventStore,
  { name, filter, wants = () => true, slowness = 0, restarts = 0, batches = false }: Manner,
  random: () => number,
): Subscriber {
  const seen: number[] = [];
  const over = new AbortController();
  async function follow(): Promise<void> {
    const subscription = store.subscribe({ after: seen.at(-1) ?? 0, signal: over.signal, ...(filter && { filter }) });
    if (batches) {
      for await (const batch of subscription.batches(50)) seen.push(...batch.map(({ position }) => position));
    } else {
      for await (const { position } of subscription) {
        seen.push(position);
        for (let turns = 0; turns < slowness; turns++) await turn();
        if (random() < restarts) return;
      }
    }
  }
  const following = (async () => {
    while (!over.signal.aborted) await follow();
  })().catch((error: unknown) => {
    if (!over.signal.aborted) throw error;
  });
  return {
    name,
    seen,
    wants,
    async stop() {
      over.abort();
      await following;
    },
  };
}
