import { shortId } from "../history/short-id.ts";
import { eventsOf, resultsOf, type Client } from "../worker/client.ts";
import type { Call } from "./call.ts";

export async function threeEvents(client: Client, category: string): Promise<void> {
  const part = { stream: `${category}-1`, expected: "any" as const, ids: client.newIds(3) };
  await client.append({ kind: "append", how: "append to several streams", parts: [part] }, async () =>
    resultsOf([await client.store.appendToStream(part.stream, eventsOf(part))]),
  );
}

export const readCalls: readonly Call[] = [
  {
    name: "read a stream",
    prepare: threeEvents,
    async run({ store, perform }, category) {
      await perform({ kind: "read", stream: `${category}-1`, from: 1 }, async () => ({
        kind: "read" as const,
        events: (await store.readStream(`${category}-1`).toArray()).map(({ position, id }) => [position, shortId(id)] as const),
      }));
    },
  },
  {
    name: "read the log",
    prepare: threeEvents,
    async run({ store, shared, perform }, category) {
      const op = shared.operations;
      await perform({ kind: "follow", via: "readAll", after: 0, category }, async () => {
        const events = await store.readAll({ after: 0, filter: { categories: [category] } }).toArray();
        shared.history.write({ t: "seen", op, events: events.map(({ position, id }) => [position, shortId(id)]) });
        return { kind: "follow" as const };
      });
    },
  },
  {
    name: "ask where a stream is",
    prepare: threeEvents,
    async run({ store, perform }, category) {
      await perform({ kind: "snapshot", streams: [`${category}-1`] }, async () => ({
        kind: "snapshot" as const,
        versions: [(await store.streamInfo(`${category}-1`)).version],
      }));
    },
  },
];
