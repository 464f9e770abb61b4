import { setTimeout as delay } from "node:timers/promises";
import type { AppendResult } from "tidemark";
import { eventsOf, resultsOf } from "../worker/client.ts";
import { ChangedMind } from "../worker/outcome.ts";
import { chooseStreams } from "../worker/streams.ts";
import type { Operation } from "./operation.ts";
import { CommitFailed, commitOwn, ownFailure, withOwnClient } from "./own-client.ts";

/** The user's savepoints may be called anything, as the library's are too. */
const savepoints = ["before", "event", "tidemark_append", "tidemark_handler", "tidemark_transaction"] as const;

/** Appends inside a transaction of the user's own, with a savepoint that is rolled back; some are prepared first. */
export const ownTransaction: Operation = {
  name: "transaction of the user's own",
  weight: 4,
  async run({ random, store, shared, newIds, append }) {
    const streams = chooseStreams(random, random.between(1, 3));
    const ids = newIds(streams.length + 1);
    const parts = streams.map((stream) => ({ stream, expected: "any" as const, ids: ids.splice(0, 1) }));
    const undone = { stream: streams.at(-1) ?? "", expected: "any" as const, ids };
    const [withSavepoint, rollsBack, prepares] = [random.chance(0.3), random.chance(0.125), random.chance(0.08)];
    const [name, savepoint] = [`prepared-${parts[0]?.ids[0]}`, random.pick(savepoints)];
    const pauseMs = random.chance(0.1) ? random.between(50, 800) : random.between(0, 4);

    const work = (): Promise<readonly AppendResult[]> =>
      withOwnClient(shared.orders.url, async (client) => {
        await client.query("begin");
        const tx = store.withTransaction(client);
        if (withSavepoint) {
          await client.query(`savepoint ${savepoint}`);
          await tx.appendToStream(undone.stream, eventsOf(undone));
          await client.query(`rollback to ${savepoint}`);
        }
        const results: AppendResult[] = [];
        for (const part of parts) results.push(await tx.appendToStream(part.stream, eventsOf(part)));
        await delay(pauseMs);
        if (rollsBack) throw new ChangedMind("rolled back");
        if (prepares) {
          await client.query(`prepare transaction '${name}'`).catch((cause: unknown) => {
            throw new CommitFailed("prepare", { cause });
          });
          await delay(pauseMs);
        }
        await commitOwn(client, prepares ? `commit prepared '${name}'` : "commit");
        return results;
      });
    await append({ kind: "append", how: this.name, parts }, async () => resultsOf(await work()), ownFailure);
  },
};
