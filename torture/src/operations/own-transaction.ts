import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { AppendResult } from "tidemark";
import { eventsOf, resultsOf } from "../worker/client.ts";
import { ChangedMind, commitFailure, failureOf } from "../worker/outcome.ts";
import { chooseStreams } from "../worker/streams.ts";
import type { Operation } from "./operation.ts";

/** What COMMIT itself said, which only the user hears. */
class CommitFailed extends Error {}

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
    const name = `prepared-${parts[0]?.ids[0]}`;
    const pauseMs = random.chance(0.1) ? random.between(50, 800) : random.between(0, 4);

    const work = async (): Promise<readonly AppendResult[]> => {
      const client = new pg.Client({ connectionString: shared.orders.url, connectionTimeoutMillis: 5_000, idle_in_transaction_session_timeout: 5_000 });
      // Without a listener the end of a connection would end the process. What was asked of it fails all the same.
      client.on("error", () => undefined);
      try {
        await client.connect();
        await client.query("begin");
        const tx = store.withTransaction(client);
        if (withSavepoint) {
          await client.query("savepoint before");
          await tx.appendToStream(undone.stream, eventsOf(undone));
          await client.query("rollback to before");
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
        const { command } = await client.query(prepares ? `commit prepared '${name}'` : "commit").catch((cause: unknown) => {
          throw new CommitFailed("commit", { cause });
        });
        if (!command.startsWith("COMMIT")) throw new ChangedMind("the server rolled back");
        return results;
      } finally {
        // A connection that lost its server may never say goodbye.
        void client.end().catch(() => undefined);
      }
    };
    await append(
      { kind: "append", how: this.name, parts },
      async () => resultsOf(await work()),
      (error) => {
        if (error instanceof CommitFailed) return commitFailure(error.cause);
        const failure = failureOf(error);
        // The user's own driver throws its own errors. Without COMMIT nothing is written.
        return failure.t === "fail" ? failure : { t: "fail", code: "DRIVER" };
      },
    );
  },
};
