import pg from "pg";
import { failureOf } from "../worker/outcome.ts";
import { chooseStreams } from "../worker/streams.ts";
import type { Operation } from "./operation.ts";

/** Where several streams are in one snapshot: an append to several of them must be seen in all of them or in none. */
export const readSnapshot: Operation = {
  name: "read a snapshot",
  weight: 5,
  async run({ random, store, shared, perform }) {
    const streams = [...chooseStreams(random, 6), "hot-0", "hot-1", "hot-2", "hot-3"];
    await perform(
      { kind: "snapshot", streams: [...new Set(streams)] },
      async () => {
        const client = new pg.Client({ connectionString: shared.orders.url, connectionTimeoutMillis: 5_000 });
        client.on("error", () => undefined);
        try {
          await client.connect();
          await client.query("begin isolation level repeatable read, read only");
          const tx = store.withTransaction(client);
          const versions: number[] = [];
          for (const stream of new Set(streams)) versions.push((await tx.streamInfo(stream)).version);
          await client.query("commit");
          return { kind: "snapshot" as const, versions };
        } finally {
          void client.end().catch(() => undefined);
        }
      },
      // The user's own driver throws its own errors.
      (error) => ({ t: "fail", code: failureOf(error).t }),
    );
  },
};
