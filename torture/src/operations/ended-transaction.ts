import type { Part } from "../history/entry.ts";
import { eventsOf, resultsOf } from "../worker/client.ts";
import { chooseStreams } from "../worker/streams.ts";
import type { Operation } from "./operation.ts";

/** Callbacks say these through `tx`, and heed no error. */
const ends = ["commit", "end", "rollback", "abort", "commit and chain", "rollback and chain"] as const;

/** A callback ends the store's transaction by a statement of its own, and goes on as if nothing had happened. Whatever it is told is true of all its appends. */
export const endedTransaction: Operation = {
  name: "transaction that its callback ends",
  weight: 2,
  async run({ random, store, newIds, append }) {
    const streams = chooseStreams(random, 2);
    const ids = newIds(streams.length);
    const parts = streams.map((stream): Part => ({ stream, expected: "any", ids: ids.splice(0, 1) }));
    const [end, endsAfter] = [random.pick(ends), random.between(1, parts.length)];
    await append({ kind: "append", how: this.name, parts }, () =>
      store.transaction(async (tx) => {
        const results = [];
        for (const [index, part] of parts.entries()) {
          results.push(await tx.appendToStream(part.stream, eventsOf(part)));
          if (index + 1 === endsAfter) await tx.query(end).catch(() => undefined);
        }
        return resultsOf(results);
      }),
    );
  },
};
