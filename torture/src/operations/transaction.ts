import { setTimeout as delay } from "node:timers/promises";
import type { AppendResult } from "tidemark";
import { eventsOf, resultsOf } from "../worker/client.ts";
import { ChangedMind } from "../worker/outcome.ts";
import { chooseStreams } from "../worker/streams.ts";
import type { Operation } from "./operation.ts";

/**
 * Appends in a transaction of the store's, with pauses between them; one in eight rolls back. In some a statement fails whose
 * error nobody heeds: PostgreSQL then turns the commit into a rollback, and the store has to say so.
 */
export const transaction: Operation = {
  name: "transaction",
  weight: 6,
  async run({ random, store, newIds, expect, append }) {
    const streams = chooseStreams(random, random.between(1, 3));
    const ids = newIds(streams.length * 2);
    const parts = streams.map((stream) => ({ stream, expected: random.chance(0.8) ? ("any" as const) : expect(stream), ids: ids.splice(0, 2) }));
    const pauseMs = random.chance(0.1) ? random.between(50, 800) : random.between(0, 4);
    const [rollsBack, atOnce, fails] = [random.chance(0.125), random.chance(0.3), random.chance(0.03)];
    await append({ kind: "append", how: this.name, parts }, () =>
      store.transaction(async (tx) => {
        const results: AppendResult[] = [];
        const given = atOnce ? random.shuffle(parts) : [];
        if (atOnce) {
          const appended = await tx.appendToStreams(given.map((part) => ({ streamId: part.stream, events: eventsOf(part), expectedVersion: part.expected })));
          for (const part of parts) results.push(...appended.filter((_, index) => given[index] === part));
          await delay(pauseMs);
        }
        for (const part of atOnce ? [] : parts) {
          results.push(await tx.appendToStream(part.stream, eventsOf(part), { expectedVersion: part.expected }));
          await delay(pauseMs);
        }
        if (fails) await tx.query("select 1 / 0").catch(() => undefined);
        if (rollsBack) throw new ChangedMind("rolled back");
        return resultsOf(results);
      }),
    );
  },
};
