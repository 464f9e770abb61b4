import { setTimeout as delay } from "node:timers/promises";
import { shortId } from "../history/short-id.ts";
import { eventsOf, resultsOf, type Client } from "../worker/client.ts";
import type { Call } from "./call.ts";
import { threeEvents } from "./read-calls.ts";

/** Longer than all that a listener, a poll and a reader do before they take a silent connection for lost. */
const patienceMs = 16_000;

/** Events of a case that a subscriber should have been given, and how many it was. */
const given = new Map<string, { readonly wanted: number; readonly seen: number }>();

/** Follows from the beginning, and on to an event that is appended meanwhile. */
async function subscribe(client: Client, category: string): Promise<void> {
  const { store, shared } = client;
  const stop = new AbortController();
  const deadline = performance.now() + patienceMs;
  let seen = 0;
  const op = shared.operations;
  const following = client.perform({ kind: "follow", via: "subscribe", after: 0, category }, async () => {
    try {
      for await (const batch of store.subscribe({ after: 0, filter: { categories: [category] }, signal: stop.signal }).batches(10)) {
        shared.history.write({ t: "seen", op, events: batch.map(({ position, id }) => [position, shortId(id)]) });
        seen += batch.length;
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
    return { kind: "follow" as const };
  });
  const until = async (isTrue: () => boolean, by: number): Promise<void> => {
    while (!isTrue() && performance.now() < by) await delay(5);
  };
  await until(() => seen >= 3, performance.now() + 1_000);
  const before = shared.written;
  const part = { stream: `${category}-1`, expected: "any" as const, ids: client.newIds(1) };
  await client.append({ kind: "append", how: "append to several streams", parts: [part] }, async () =>
    resultsOf([await store.appendToStream(part.stream, eventsOf(part))]),
  );
  const wanted = 3 + shared.written - before;
  await until(() => seen >= wanted, deadline);
  given.set(category, { wanted, seen });
  stop.abort();
  await following;
}

export const followCalls: readonly Call[] = [
  {
    name: "subscribe, catch up and go on",
    promise: "S1",
    prepare: threeEvents,
    run: subscribe,
    async verify(_healthy, category) {
      const { wanted, seen } = given.get(category) ?? { wanted: 0, seen: 0 };
      return seen < wanted ? `the subscriber was given ${seen} events, and there were ${wanted}` : undefined;
    },
  },
  {
    name: "ask for the high-water mark and what holds it back",
    prepare: threeEvents,
    async run({ store, perform }) {
      await perform({ kind: "snapshot", streams: [] }, async () => {
        await store.highWaterMark();
        await store.blockers();
        return { kind: "snapshot" as const, versions: [] };
      });
    },
  },
];
