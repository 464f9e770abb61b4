import { eventsOf, resultsOf } from "../worker/client.ts";
import { chooseStreams } from "../worker/streams.ts";
import type { Operation } from "./operation.ts";

/** A decision over several streams that writes to one: the others are participants that are only read. */
export const appendAndCheck: Operation = {
  name: "append and check other streams",
  weight: 6,
  async run({ random, store, shared, newIds, append }) {
    const streams = random.shuffle(chooseStreams(random, random.between(2, 4)));
    const ids = newIds(random.between(1, 2));
    const parts = streams.map((stream, index) => ({ stream, expected: shared.versions.at(stream), ids: index === 0 ? ids : [] }));
    await append({ kind: "append", how: this.name, parts }, async () =>
      resultsOf(await store.appendToStreams(parts.map((part) => ({ streamId: part.stream, expectedVersion: part.expected, events: eventsOf(part) })))),
    );
  },
};
