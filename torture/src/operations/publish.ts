import { setTimeout as delay } from "node:timers/promises";
import type { StoreTransaction } from "tidemark";
import { contentOf } from "../history/content.ts";
import { ChangedMind } from "../worker/outcome.ts";
import { chooseStream } from "../worker/streams.ts";
import { payloadOf } from "../publish/payload.ts";
import type { Operation } from "./operation.ts";
import { commitOwn, ownFailure, withOwnClient } from "./own-client.ts";

/**
 * Publishes messages in a transaction of the store's or of the user's, some beside an event; one in five rolls back, and so do some savepoints
 * of the user's. Few keys, so that transactions meet on them.
 */
export const publish: Operation = {
  name: "publish",
  weight: 5,
  async run({ random, store, shared, newIds, perform }) {
    const messages = newIds(random.between(1, 3)).map((message) => [`key-${random.between(0, 19)}`, message] as const);
    const [undone = "", id = ""] = newIds(2);
    const [own, savepoint, rollsBack] = [random.chance(0.4), random.chance(0.3), random.chance(0.2)];
    const event = random.chance(0.3) ? ([chooseStream(random), id] as const) : undefined;
    const pauseMs = random.chance(0.1) ? random.between(50, 800) : random.between(0, 4);
    const inside = async (tx: StoreTransaction): Promise<void> => {
      if (event) await tx.appendToStream(event[0], [{ ...contentOf(event[1]), id: event[1] }]);
      for (const [key, message] of messages) {
        await tx.publish({ topic: "torture", key, id: message, payload: payloadOf(message) });
        await delay(pauseMs);
      }
      if (rollsBack) throw new ChangedMind("rolled back");
    };
    const work = (): Promise<void> => {
      if (!own) return store.transaction(inside);
      return withOwnClient(shared.orders.url, async (client) => {
        await client.query("begin");
        const tx = store.withTransaction(client);
        if (savepoint) {
          await client.query("savepoint before");
          await tx.publish({ topic: "torture", key: "key-0", id: undone, payload: payloadOf(undone) });
          await client.query("rollback to before");
        }
        await inside(tx);
        await commitOwn(client);
      });
    };
    await perform(
      { kind: "publish", messages, ...(event && { event }) },
      async () => {
        await work();
        return { kind: "publish" };
      },
      own ? ownFailure : undefined,
    );
  },
};
