import { eventsOf, eventsWithoutIds, resultsOf } from "../worker/client.ts";
import { chooseStreams } from "../worker/streams.ts";
import type { Operation } from "./operation.ts";

/** Two to eight streams, all or nothing, given in any order. */
export const appendToStreams: Operation = {
  name: "append to several streams",
  weight: 12,
  async run({ random, store, shared, newIds, expect, append }) {
    const streams = random.shuffle(chooseStreams(random, random.between(2, 8)));
    const counts = streams.map(() => random.between(1, 3));
    const ids = newIds(counts.reduce((sum, count) => sum + count, 0));
    const parts = streams.map((stream, index) => ({
      stream,
      expected: random.chance(0.8) ? ("any" as const) : expect(stream),
      ids: ids.splice(0, counts[index] ?? 0),
    }));
    const ownIds = random.chance(0.3);
    await append({ kind: "append", how: this.name, parts }, async () =>
      resultsOf(
        await store.appendToStreams(
          parts.map((part) => ({
            streamId: part.stream,
            expectedVersion: part.expected,
            events: ownIds ? eventsOf(part) : eventsWithoutIds(shared, part),
          })),
        ),
      ),
    );
  },
};
