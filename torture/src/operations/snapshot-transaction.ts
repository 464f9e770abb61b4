import { setTimeout as delay } from "node:timers/promises";
import type { Part } from "../history/entry.ts";
import { eventsOf, resultsOf } from "../worker/client.ts";
import { chooseStreams } from "../worker/streams.ts";
import type { Operation } from "./operation.ts";
import { commitOwn, ownFailure, withOwnClient } from "./own-client.ts";

const levels = ["repeatable read", "serializable"] as const;

/** A decision under a snapshot of the user's own: it looks at streams that others write to, and appends to one of them. */
export const snapshotTransaction: Operation = {
  name: "transaction under a snapshot",
  weight: 3,
  async run({ random, store, shared, newIds, append }) {
    const [written = "", ...read] = random.shuffle([...new Set([...chooseStreams(random, 2), "hot-0", "hot-1"])]);
    const [level, pauseMs] = [random.pick(levels), random.between(0, 30)];
    const seen: Part[] = [];
    // Who cannot look does not decide.
    await withOwnClient(shared.orders.url, async (client) => {
      await client.query(`begin isolation level ${level}`);
      const tx = store.withTransaction(client);
      for (const stream of read) seen.push({ stream, expected: (await tx.streamInfo(stream)).version, ids: [] });
      // An id is made of the operation that comes next.
      const parts = [{ stream: written, expected: "any" as const, ids: newIds(1) }, ...seen];
      await append(
        { kind: "append", how: this.name, parts },
        async () => {
          await delay(pauseMs);
          const results = await tx.appendToStreams(parts.map((one) => ({ streamId: one.stream, expectedVersion: one.expected, events: eventsOf(one) })));
          await commitOwn(client);
          return resultsOf(results);
        },
        ownFailure,
      );
    }).catch(() => undefined);
  },
};
