import type { Client } from "pg";
import type { EventStore } from "../../../src/index.ts";
import { describe, expect, test, untilWaiting } from "../../store/test.ts";
import { counter, fill } from "./counter.ts";

/** Versions 1 and 2 of a stream's state, one event behind it, and a transaction that holds the second until it commits. */
async function holdSecond(store: EventStore, client: Client, q: string): Promise<void> {
  await fill(store, "counter-1", 2);
  for (const stateVersion of [2, 1]) await store.snapshots.take(counter({ stateVersion }), "counter-1");
  await fill(store, "counter-1", 1, 3);
  await client.query("begin");
  await client.query(`select from ${q}.snapshots where state_version = 2 for update`);
}

describe("snapshots of one stream in several state versions", () => {
  test("are deleted beside one that is taken, and neither waits for the other's", async ({ store, client, q, sql }) => {
    await holdSecond(store, client, q);
    const taken = store.snapshots.take(counter({ stateVersion: 2 }), "counter-1");
    await untilWaiting(sql, 1);
    const deleted = store.snapshots.delete({ streamId: "counter-1" });
    await untilWaiting(sql, 2);
    await client.query("commit");
    expect([await taken, await deleted]).toEqual([true, 1]);
  });

  test("are taken beside each other, and the later one deletes the earlier ones", async ({ store, client, q, sql }) => {
    await holdSecond(store, client, q);
    const earlier = store.snapshots.take(counter({ stateVersion: 2 }), "counter-1");
    await untilWaiting(sql, 1);
    const later = store.snapshots.take(counter({ stateVersion: 3 }), "counter-1");
    await untilWaiting(sql, 2);
    await client.query("commit");
    expect([await earlier, await later]).toEqual([true, true]);
    expect((await store.snapshots.list()).map(({ stateVersion }) => stateVersion)).toEqual([3]);
  });
});
