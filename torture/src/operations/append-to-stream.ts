import type { Part } from "../history/entry.ts";
import { eventsOf, eventsWithoutIds, resultsOf } from "../worker/client.ts";
import { chooseStream } from "../worker/streams.ts";
import type { Operation } from "./operation.ts";

/** One stream, a few events, sometimes many; ids of the caller's or of the store's making. */
export const appendToStream: Operation = {
  name: "append to a stream",
  weight: 40,
  async run({ random, store, shared, newIds, expect, append }) {
    const stream = chooseStream(random);
    const count = random.chance(0.03) ? random.between(20, 200) : random.chance(0.5) ? 1 : random.between(1, 6);
    const part: Part = { stream, expected: expect(stream), ids: newIds(count) };
    const ownIds = random.chance(0.3);
    await append({ kind: "append", how: this.name, parts: [part] }, async () =>
      resultsOf([await store.appendToStream(stream, ownIds ? eventsOf(part) : eventsWithoutIds(shared, part), { expectedVersion: part.expected })]),
    );
  },
};
