import { randomUUID } from "node:crypto";
import pg from "pg";
import { startServer } from "@tidemark/servers";
import { openEventStore, type EventStore } from "tidemark";
import { expect, test } from "vitest";
import { Cluster } from "../src/cluster/cluster.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function query(url: string, text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

/** How many sessions wait for the replica to confirm a commit. */
async function waiting(url: string): Promise<number> {
  const [row] = await query(url, "select count(*)::int as n from pg_stat_activity where wait_event = 'SyncRep'");
  return Number(row?.["n"]);
}

/** An append by each way through the database, the same at every call: one event, several, and several streams. */
function appends(ids: readonly string[]): ((store: EventStore) => Promise<unknown>)[] {
  const [a, b, c, d, e] = ids.map((id) => ({ type: "ItemAdded", data: { id }, id }));
  if (!a || !b || !c || !d || !e) throw new Error("Five ids are needed.");
  return [
    (store) => store.appendToStream("cart-1", [a]),
    (store) => store.appendToStream("cart-2", [b, c]),
    (store) =>
      store.appendToStreams([
        { streamId: "cart-3", events: [d] },
        { streamId: "cart-4", events: [e] },
      ]),
  ];
}

test.for(["on", "remote_apply", "remote_write"])(
  "with synchronous_commit %s, the reply to a retry waits for the replica as the first one should have",
  async (mode) => {
    const primary = await startServer({ settings: { synchronous_commit: mode } });
    await using cluster = await Cluster.around(primary, { settings: { synchronous_commit: mode } });
    const { url } = cluster.primary;
    await (await openEventStore(url)).close();
    await cluster.standby.stop();

    // The first reply comes without the replica: its wait was cancelled, and PostgreSQL then acknowledges with a warning.
    await using hasty = await openEventStore(url, { logger: silent, pool: { queryTimeoutMs: 300 } });
    const ids = Array.from({ length: 5 }, () => randomUUID());
    const firsts = [];
    for (const append of appends(ids)) firsts.push(await append(hasty));

    await using patient = await openEventStore(url, { logger: silent, pool: { queryTimeoutMs: 0 } });
    const replies: unknown[] = [];
    const retries = appends(ids).map(async (append, index) => (replies[index] = await append(patient)));
    await expect.poll(() => waiting(url), { timeout: 100_000 }).toBeGreaterThan(0);
    expect(replies).toEqual([]);

    await cluster.standby.start();
    await Promise.all(retries);
    expect(replies).toEqual(firsts);
    // What was replied is there when the primary is lost.
    await cluster.failOver();
    const [row] = await query(cluster.primary.url, "select count(*)::int as n from tidemark.events where id = any ($1)", [ids]);
    expect(row?.["n"]).toBe(ids.length);
  },
);
