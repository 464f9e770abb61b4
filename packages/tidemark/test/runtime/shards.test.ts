import { defineConsumer } from "tidemark";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test } from "./test.ts";

describe("a consumer whose number of shards changes", () => {
  test("up and down under load handles every event once, each stream in order", async ({ store, openStore, start, effects, sql }) => {
    await sql.query(`alter table ${effects.table} add column stream text, add column version int, add column at bigint generated always as identity`);
    const consumer = (shards: number): ReturnType<typeof defineConsumer> =>
      defineConsumer({
        name: "c",
        shards,
        batchSize: 7,
        async handle({ position, streamId, version }, context) {
          await context.query(`insert into ${effects.table} (position, stream, version) values ($1, $2, $3)`, [position, streamId, version]);
        },
      });
    const writing = new AbortController();
    const written = (async () => {
      for (let n = 0; !writing.signal.aborted; n++)
        await Promise.all(Array.from({ length: 12 }, (_, stream) => store.appendToStream(`cart-${stream}`, [itemAdded(`${n}`)])));
    })();
    const other = await openStore();
    let last = await start(consumer(2), { leaseMs: 600 });
    for (const [round, shards] of [5, 1, 4].entries()) {
      // The new definition comes while a worker with the old one runs.
      const next = await start(consumer(shards), { on: round % 2 === 0 ? other : store, leaseMs: 600 });
      await eventually(async () => expect(await store.consumers.get("c")).toMatchObject({ resharding: undefined, shards: { length: shards } }));
      await last.worker.stop();
      last = next;
    }
    writing.abort();
    await written;
    await last.worker.caughtUp();
    const log = await store.readAll().toArray();
    const { rows } = await sql.query<{ position: string; stream: string; version: number }>(
      `select position, stream, version from ${effects.table} order by at`,
    );
    expect(rows.map(({ position }) => Number(position)).toSorted((a, b) => a - b)).toEqual(log.map(({ position }) => position));
    for (let stream = 0; stream < 12; stream++) {
      const versions = rows.filter((row) => row.stream === `cart-${stream}`).map(({ version }) => version);
      expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    }
    expect(await store.deadLetters.list()).toEqual([]);
    const { shards } = await store.consumers.get("c");
    // A fence never comes twice: 1 for the first owner, more after each change.
    expect(Math.min(...shards.map(({ fence }) => fence))).toBeGreaterThan(3);
  });

  test("waits at the barrier until its slowest shard is there, and keeps its dead letters", async ({ store, start }) => {
    let broken = true;
    const seen: string[] = [];
    const consumer = (shards: number): ReturnType<typeof defineConsumer> =>
      defineConsumer({
        name: "c",
        shards,
        retry: { attempts: 1 },
        onFailure: (_error, { streamId }) => (streamId === "cart-2" ? "stop" : "dead-letter"),
        handle({ streamId, version }) {
          if (broken && streamId !== "cart-1") throw new Error("not now");
          seen.push(`${streamId} ${version}`);
        },
      });
    // Streams 1 and 3 belong to shard 1, stream 2 to shard 0 (streams are numbered from 1).
    for (const stream of ["cart-1", "cart-2", "cart-3"]) await store.appendToStream(stream, [itemAdded()]);
    const before = await start(consumer(2));
    await eventually(async () => expect(await store.consumers.get("c")).toMatchObject({ state: "failed", deadLetters: 1 }));
    await before.worker.stop();
    const after = await start(consumer(3));
    await eventually(async () => expect((await store.consumers.get("c")).shards.map(({ state }) => state).toSorted()).toEqual(["failed", "live"]));
    expect(await store.consumers.get("c")).toMatchObject({ resharding: { to: 3, barrier: 3 } });
    broken = false;
    await store.appendToStream("cart-3", [itemAdded()]);
    await store.consumers.resume("c");
    await after.worker.caughtUp();
    expect(await store.consumers.get("c")).toMatchObject({ resharding: undefined, shards: { length: 3 } });
    // Behind its dead letter, in whatever shard.
    expect(seen).toEqual(["cart-1 1", "cart-2 1"]);
    const [first] = await store.deadLetters.list({ state: "failed" });
    if (!first) throw new Error("missing");
    await store.deadLetters.retry(first);
    await eventually(() => expect(seen).toEqual(["cart-1 1", "cart-2 1", "cart-3 1", "cart-3 2"]));
  });
});
