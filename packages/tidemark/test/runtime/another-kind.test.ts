import pg from "pg";
import { describe, eventually, expect, test as base } from "../support/test.ts";
import { plainEvents } from "../../src/catalogue/event-codec.ts";
import { checkPool } from "../../src/arguments/pool-options.ts";
import type { Database } from "../../src/database/database.ts";
import { openPgDatabase } from "../../src/database/pg.ts";
import type { TidemarkError } from "../../src/errors/tidemark-error.ts";
import { Feed } from "../../src/feed/feed.ts";
import type { Follower, FollowerKind, ShardAccess, ShardHooks } from "../../src/runtime/follower.ts";
import { FollowerWorker } from "../../src/runtime/follower-worker.ts";
import { partitionOf } from "../../src/runtime/partition.ts";
import { createWorkerContext } from "../../src/runtime/worker-context.ts";
import { functionName } from "../../src/schema/function-set.ts";
import type { RecordedEvent } from "tidemark";
import { takeOver } from "./take-over.ts";

// A kind of follower of its own: it counts the events of each stream in one table, and notes those that it cannot count in another.

const kind: FollowerKind = { name: "process", stops: "counter", resume: "nothing", findSql: () => "select null, null, null" };

function counter(
  database: Database,
  schema: string,
  beforeCounting: () => Promise<void>,
  more: (shard: ShardAccess) => ShardHooks,
  part: Partial<Follower>,
): Follower {
  const at = pg.escapeIdentifier(schema);
  const note = `with noted as (insert into ${at}.uncounted values ($6)) select ${functionName(schema, "move_checkpoint")}($1, $2, $3, $4, $5)::text`;
  return {
    name: "process\u001dcounter",
    kind,
    owner: "counter",
    filter: { categories: ["cart"] },
    startAfter: 0,
    tenants: "own",
    shards: 4,
    batchSize: 10,
    timeoutMs: 60_000,
    retry: { attempts: 2, minDelayMs: 1, maxDelayMs: 1, factor: 1, jitter: false },
    inBatches: true,
    filterChanged: "the counter counts other events than before",
    handle: async (events, session) => {
      for (const { streamId, type } of events) {
        if (type === "Uncountable") throw new Error("cannot be counted");
        await session.userQuery(`insert into ${at}.counts as c values ($1, 1, $2) on conflict (stream) do update set count = c.count + 1, fence = $2`, [
          streamId,
          session.shard.fence,
        ]);
        await beforeCounting();
      }
    },
    createHooks: (shard) => ({
      ...more(shard),
      giveUp: async ({ followed: { event }, error }) => {
        const moveAndNote = (move: readonly (number | string | null)[]) => database.query({ name: "note", text: note }, [...move, event.position]);
        await shard.checkpoint.moveBy(event, moveAndNote, () => true);
        shard.report(event, error, "It was noted.");
        return { action: "passed" };
      },
    }),
    ...part,
  };
}

interface Started {
  readonly worker: FollowerWorker;
  readonly errors: TidemarkError[];
}

const test = base.extend("start", ({ databaseUrl, schema }, { onCleanup }) => {
  const ends: (() => Promise<void>)[] = [];
  onCleanup(async () => {
    for (const end of ends) await end();
  });
  return async (
    beforeCounting: () => Promise<void> = async () => {},
    more: (shard: ShardAccess) => ShardHooks = () => ({}),
    part: Partial<Follower> = {},
  ): Promise<Started> => {
    const database = await openPgDatabase({ connection: databaseUrl, settings: checkPool({}, "pool").pool, prepare: true, logger: console });
    const feed = new Feed(database, schema, console);
    const errors: TidemarkError[] = [];
    const settings = { tenant: "", leaseMs: 60_000, background: false, onError: (error: TidemarkError) => void errors.push(error) };
    const worker = new FollowerWorker(
      createWorkerContext({ database, feed, schema, logger: console, codec: plainEvents, traced: { schema, driver: "pg" } }),
      settings,
      [counter(database, schema, beforeCounting, more, part)],
      new Set(),
    );
    ends.push(async () => {
      await worker.stop();
      await feed.drain();
      await feed.stop();
      await database.close();
    });
    await worker.start();
    return { worker, errors };
  };
});

describe("a kind of follower that the runtime does not know", () => {
  test("has shards, is taken over, and gives up on events in a way of its own, each counted once", async ({ store, sql, schema, start }) => {
    const at = pg.escapeIdentifier(schema);
    await sql.query(
      `create table ${at}.counts (stream text primary key, count integer, fence integer); create table ${at}.uncounted (position bigint primary key)`,
    );
    const streams = Array.from({ length: 8 }, (_, n) => `cart-${n}`);
    const append = async (type: string): Promise<void> => {
      await store.appendToStreams(streams.map((streamId) => ({ streamId, events: [{ type, data: {} }] })));
    };
    const counts = async (): Promise<unknown> => (await sql.query(`select stream, count from ${at}.counts order by stream`)).rows;
    const counted = (count: number): unknown => streams.map((stream) => ({ stream, count }));

    await append("Added");
    let hold = Promise.resolve();
    let counting = 0;
    const first = await start(() => {
      counting++;
      return hold;
    });
    await first.worker.caughtUp();
    expect(await counts()).toEqual(counted(1));
    const { rows: shards } = await sql.query(`select distinct owner from ${at}.consumer_leases`);
    expect(shards).toHaveLength(1);

    // It hangs in the middle of its transactions, and its leases end.
    const released = Promise.withResolvers<void>();
    hold = released.promise;
    const before = counting;
    await append("Added");
    await eventually(() => expect(counting).toBeGreaterThan(before));
    let second: Started;
    try {
      second = await takeOver(sql, schema, () => start());
      await second.worker.caughtUp();
      expect(await counts()).toEqual(counted(2));
    } finally {
      released.resolve();
    }
    await first.worker.stop();
    expect(await counts()).toEqual(counted(2));
    expect((await sql.query(`select from ${at}.consumer_shards where fence >= 2`)).rowCount).toBe(4);

    // What fails is noted by its own hook, and what comes after it is counted.
    await append("Uncountable");
    await append("Added");
    await second.worker.caughtUp();
    expect(await counts()).toEqual(counted(3));
    expect((await sql.query(`select from ${at}.uncounted`)).rowCount).toBe(streams.length);
    expect(second.errors.map(({ code }) => code)).toEqual(streams.map(() => "HANDLER_FAILED"));
    expect(await store.consumers.list()).toEqual([]);
  });

  test("has events in shards by a key of its own; one without a key comes to all of them", async ({ store, start }) => {
    const handled: { readonly key: unknown; readonly shard: number }[] = [];
    const keyOf = ({ data }: RecordedEvent): unknown => Reflect.get(Object(data), "key");
    const { worker } = await start(undefined, undefined, {
      partitionKey(event) {
        const key = keyOf(event);
        return typeof key === "string" ? key : undefined;
      },
      handle: (events, { shard: { shard } }) => void handled.push(...events.map((event) => ({ key: keyOf(event), shard }))),
    });
    const keys = ["a", "b", "c", "d", "e", "f"];
    // Each key in several streams, and each stream with several keys.
    for (const stream of ["cart-1", "cart-2", "cart-3"])
      await store.appendToStream(
        stream,
        [...keys, null].map((key) => ({ type: "Added", data: { key } })),
      );
    await worker.caughtUp();
    const shardsOf = (key: string | null): number[] => handled.filter((one) => one.key === key).map(({ shard }) => shard);
    for (const key of keys) expect(shardsOf(key)).toEqual([1, 2, 3].map(() => partitionOf(key) % 4));
    expect(shardsOf(null).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
    expect(new Set(keys.flatMap(shardsOf)).size).toBeGreaterThan(1);
    expect(worker.counts()).toMatchObject([{ handled: 3 * keys.length + 12 }]);
  });

  test("works beside the loop after commits, and gives its shards back once that has ended", async ({ store, sql, schema, start }) => {
    const at = pg.escapeIdentifier(schema);
    await sql.query(`create table ${at}.counts (stream text primary key, count integer, fence integer)`);
    const ended = Promise.withResolvers<void>();
    const seen: string[] = [];
    const { worker } = await start(undefined, ({ checkpoint, signal }) => ({
      moved: () => void (checkpoint.written.position > 0 && seen.push("moved")),
      interrupted: () => void seen.push("interrupted"),
      async ended() {
        seen.push(`ended, ${signal.aborted}`);
        await ended.promise;
      },
    }));
    await store.appendToStream("cart-1", [{ type: "Added", data: {} }]);
    await worker.caughtUp();
    expect(seen).toContain("moved");
    expect(await sql.query(`select from ${at}.counts`)).toMatchObject({ rowCount: 1 });
    const owned = async (): Promise<number | null> => (await sql.query(`select from ${at}.consumer_leases where lease_end > clock_timestamp()`)).rowCount;
    const stopped = worker.stop();
    try {
      await eventually(() => expect(seen.filter((what) => what === "ended, true")).toHaveLength(4));
      expect(await owned()).toBe(4);
      expect(seen).not.toContain("interrupted");
      const byForce = worker.stop({ timeoutMs: 0 });
      await eventually(() => expect(seen.filter((what) => what === "interrupted")).toHaveLength(4));
      expect(await owned()).toBe(4);
      ended.resolve();
      await byForce;
    } finally {
      ended.resolve();
    }
    await stopped;
    expect(await owned()).toBe(0);
  });
});
