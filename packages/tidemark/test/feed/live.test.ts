import pg from "pg";
import { startProxy } from "@tidemark/servers";
import type { Database } from "../../src/database/database.ts";
import type { FollowedBatch } from "../../src/feed/follow.ts";
import { Feed } from "../../src/feed/feed.ts";
import { defaultTimings, type FollowTimings } from "../../src/feed/timings.ts";
import type { Logger } from "../../src/model/logger.ts";
import { openDatabase } from "../schema/open.ts";
import { append, openStore, sequenceOf, silent } from "./open.ts";
import { describe, eventually, expect, test as base } from "./test.ts";

/** A poll that never comes: whatever arrives was notified. */
const neverMs = 2 ** 31 - 1;
const noPolls: FollowTimings = { ...defaultTimings, quickMs: neverMs, slowMs: neverMs };

interface FeedChoice {
  readonly timings?: Partial<FollowTimings>;
  readonly url?: string;
  readonly watch?: (database: Database) => Database;
  readonly logger?: Logger;
}

const test = base.extend("openFeed", async ({ databaseUrl, schema, store }, { onCleanup }) => {
  // The store has made the schema.
  await store.highWaterMark();
  const opened: (() => Promise<void>)[] = [];
  onCleanup(async () => {
    await Promise.all(opened.map((close) => close()));
  });
  return async ({ timings, url = databaseUrl, watch = (database) => database, logger = silent }: FeedChoice = {}) => {
    const database = await openDatabase(url);
    const feed = new Feed(watch(database), schema, logger, { ...defaultTimings, ...timings });
    opened.push(async () => {
      await feed.drain();
      await feed.stop();
      await database.close();
    });
    return feed;
  };
});

function follow(feed: Feed, over: Partial<Parameters<Feed["follow"]>[0]> = {}): AsyncGenerator<FollowedBatch, void, undefined> {
  return feed.follow({ reader: "test", tenant: undefined, after: { position: 0, id: null }, batchSize: 100, signal: new AbortController().signal, ...over });
}

/** The batch in which a follower has caught up. */
async function caughtUp(following: AsyncGenerator<FollowedBatch, void, undefined>): Promise<FollowedBatch> {
  for (;;) {
    const { value } = await following.next();
    if (!value) throw new Error("ended");
    if (value.caughtUp) return value;
  }
}

/** Positions, until one of them is `last`. */
async function until(following: AsyncGenerator<FollowedBatch, void, undefined>, last: number): Promise<number[]> {
  const seen: number[] = [];
  for (;;) {
    const { value } = await following.next();
    if (!value) throw new Error("ended");
    seen.push(...value.events.map(({ event }) => event.position));
    if (value.anchor.position >= last) return seen;
  }
}

/** Counts the library's statements by the beginning of their names. */
function counting(counts: Map<string, number>): (database: Database) => Database {
  return (database) => ({
    ...database,
    query(statement, values, options) {
      const name = statement.name;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      return database.query(statement, values, options);
    },
  });
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, n) => from + n);
}

describe("a notifier", () => {
  test("wakes the followers of its own process without a poll", async ({ openFeed, begin }) => {
    const feed = await openFeed({ timings: noPolls });
    const following = follow(feed);
    await caughtUp(following);
    const next = following.next();
    const open = await begin();
    await open.append("a");
    await open.commit();
    feed.notify();
    expect((await next).value?.events).toHaveLength(1);
    await following.return();
  });

  test("wakes the followers of another process without a poll", async ({ openFeed, store }) => {
    const following = follow(await openFeed({ timings: noPolls }));
    await caughtUp(following);
    for (let n = 1; n <= 20; n++) {
      const next = until(following, n);
      // Its feed, and what it notifies, is another than the follower's.
      expect(await append(store, "a")).toBe(n);
      expect(await next).toEqual([n]);
    }
    await following.return();
  });

  test("is used by `wake` for a transaction of the user's own", async ({ openFeed, store, begin }) => {
    const following = follow(await openFeed({ timings: noPolls }));
    await caughtUp(following);
    const next = following.next();
    const open = await begin();
    await open.append("a");
    await open.commit();
    store.wake();
    expect((await next).value?.events).toHaveLength(1);
    await following.return();
  });

  test("sends few notifications for many appends, and the last of them after the last commit", async ({ databaseUrl, schema, store, sql }) => {
    const heard: number[] = [];
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    try {
      const { rows } = await sql.query<{ channel: string }>(`select 'tidemark_' || left(encode(sha256($1), 'hex'), 16) as channel`, [Buffer.from(schema)]);
      await client.query(`listen ${rows[0]?.channel}`);
      client.on("notification", () => heard.push(performance.now()));
      const started = performance.now();
      let finished = 0;
      for (let n = 0; n < 300; n++) {
        await append(store, `stream-${n % 7}`);
        finished = performance.now();
      }
      await eventually(() => expect(heard.at(-1)).toBeGreaterThanOrEqual(finished));
      expect(heard.length).toBeLessThanOrEqual((performance.now() - started) / 10 + 1);
    } finally {
      await client.end();
    }
  });

  test("that says nothing costs a polling interval", async ({ openFeed, begin }) => {
    const following = follow(await openFeed({ timings: { slowMs: 100 } }));
    await caughtUp(following);
    const open = await begin();
    await open.append("a");
    const next = following.next();
    await open.commit();
    expect((await next).value?.events).toHaveLength(1);
    await following.return();
  });
});

describe("a listener that was away", () => {
  test("has followers look when it listens again, for what was notified meanwhile", async ({ openFeed, store, begin, sql, databaseUrl }) => {
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    const following = follow(await openFeed({ timings: noPolls, url: proxy.through(databaseUrl) }));
    await caughtUp(following);
    // What is heard once is heard by a listener that works.
    const heard = until(following, 1);
    await append(store, "a");
    await heard;
    const [asked, allowed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    proxy.on("frontend", async ({ bytes }) => {
      if (!bytes.includes("listen tidemark_")) return;
      asked.resolve();
      await allowed.promise;
    });
    const listener = "from pg_stat_activity where application_name = 'tidemark listener' and datname = current_database()";
    // Those of the tests before may take a moment to end.
    await eventually(async () => expect((await sql.query(`select ${listener}`)).rowCount).toBe(1));
    await sql.query(`select pg_terminate_backend(pid) ${listener}`);
    await asked.promise;
    const next = until(following, 2);
    // Nobody notifies, as if the notification had come and gone.
    const open = await begin();
    await open.append("a");
    await open.commit();
    allowed.resolve();
    expect(await next).toEqual([2]);
    await following.return();
  });
});

describe("followers that have caught up", () => {
  test("share their polls and their reads", async ({ openFeed, store }) => {
    const counts = new Map<string, number>();
    const feed = await openFeed({ timings: { quickMs: 20, slowMs: 20 }, watch: counting(counts) });
    const followers = Array.from({ length: 100 }, () => follow(feed));
    await Promise.all(followers.map(caughtUp));
    counts.clear();
    const started = performance.now();
    const next = followers.map((following) => until(following, 30));
    for (let n = 0; n < 30; n++) await append(store, `s-${n}`);
    for (const seen of await Promise.all(next)) expect(seen).toEqual(numbers(1, 30));
    await eventually(() => expect(counts.get("tidemark_high_water_mark") ?? 0).toBeGreaterThanOrEqual(5));
    // Rings and polls together are at most one look in 8 ms.
    const looks = (performance.now() - started) / defaultTimings.leastMs + 1;
    expect(counts.get("tidemark_high_water_mark")).toBeLessThanOrEqual(looks);
    expect(counts.get("tidemark_follow_small_tenants")).toBeLessThanOrEqual(30);
    await Promise.all(followers.map((following) => following.return()));
  });

  test("do not wait for one that does not keep up, which loses nothing", async ({ openFeed, store }) => {
    const feed = await openFeed();
    const [slow, quick] = [follow(feed, { batchSize: 7 }), follow(feed)];
    await Promise.all([caughtUp(slow), caughtUp(quick)]);
    const text = "x".repeat(10_000);
    const total = 400;
    for (let n = 0; n < total; n += 20) {
      await store.appendToStream(
        "large",
        Array.from({ length: 20 }, () => ({ type: "Large", data: { text } })),
      );
      expect((await until(quick, n + 20)).at(-1)).toBe(n + 20);
    }
    // 4 MB were written, of which it held one at most.
    expect(await until(slow, total)).toEqual(numbers(1, total));
    await append(store, "after");
    expect(await until(slow, total + 1)).toEqual([total + 1]);
    await Promise.all([slow.return(), quick.return()]);
  });

  test("move on past events that others wrote to other streams, tenants and shards", async ({ openFeed, store }) => {
    const feed = await openFeed();
    const following = follow(feed, { tenant: "acme", filter: { categories: ["order"] } });
    await caughtUp(following);
    await append(store, "order-1");
    await append(store.forTenant("acme"), "other-1");
    expect(await until(following, 2)).toEqual([]);
    await append(store.forTenant("acme"), "order-1");
    expect(await until(following, 3)).toEqual([3]);
    await following.return();
  });

  test("hear at once that the events they had passed are gone", async ({ openFeed, store, sql, schema }) => {
    const feed = await openFeed({ timings: { slowMs: 50 } });
    for (let n = 0; n < 5; n++) await append(store, "a");
    const [live, behind] = [follow(feed), follow(feed, { batchSize: 2 })];
    await caughtUp(live);
    await behind.next();
    const name = pg.escapeIdentifier(schema);
    await sql.query(`
      begin;
      set local session_replication_role = replica;
      delete from ${name}.events where position > 3;
      select setval('${sequenceOf(schema)}'::regclass, 3);
      commit`);
    await expect(live.next()).rejects.toMatchObject({ code: "HISTORY_FORKED", reader: "test", position: 5, found: undefined, lastPosition: 3 });
    // It holds events 3 to 5, which it had read; the place it would wait at is gone.
    await expect(until(behind, Number.POSITIVE_INFINITY)).rejects.toMatchObject({ code: "HISTORY_FORKED", position: 5 });
  });

  test("notice that other events stand in the place of those that are gone", async ({ openFeed, store, sql, schema }) => {
    const feed = await openFeed({ timings: { slowMs: 50 } });
    for (let n = 0; n < 3; n++) await append(store, "a");
    const live = follow(feed);
    await caughtUp(live);
    const name = pg.escapeIdentifier(schema);
    await sql.query(`
      begin;
      set local session_replication_role = replica;
      update ${name}.events set id = gen_random_uuid() where position >= 2;
      commit`);
    await append(store, "b");
    await expect(live.next()).rejects.toMatchObject({ code: "HISTORY_FORKED", position: 3, found: expect.any(String) });
  });
});

describe("the mark, for many who ask at the same time,", () => {
  test("is read once for those who wait and once for those who come meanwhile, whom an older answer would not do", async ({ openFeed, store }) => {
    const counts = new Map<string, number>();
    const [answered, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const feed = await openFeed({
      watch: (database) => ({
        ...counting(counts)(database),
        async query(...call) {
          const rows = await counting(counts)(database).query(...call);
          answered.resolve();
          await held.promise;
          return rows;
        },
      }),
    });
    const first = feed.highWaterMark();
    await answered.promise;
    await append(store, "a");
    const later = Array.from({ length: 100 }, () => feed.highWaterMark());
    held.resolve();
    expect(await first).toBe(0);
    expect(new Set(await Promise.all(later))).toEqual(new Set([1]));
    expect(counts.get("tidemark_high_water_mark")).toBe(2);
  });
});

describe("a database that cannot be reached for a while", () => {
  test("holds followers up, who say so once and go on where they were", async ({ openFeed, store, databaseUrl }) => {
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    const said: string[] = [];
    const say = (line: unknown): void => void said.push(String(line));
    const feed = await openFeed({ timings: { slowMs: 50 }, url: proxy.through(databaseUrl), logger: { debug: say, info: say, warn: say, error: say } });
    const followers = Array.from({ length: 5 }, () => follow(feed));
    await Promise.all(followers.map(caughtUp));
    const late = follow(feed, { filter: { streamIds: ["a"] } });
    const next = followers.map((following) => until(following, 3));
    const reachable = proxy.on("frontend", ({ name }) => (name === "StartupMessage" ? "drop-connection-before" : "pass"));
    proxy.cutAll();
    for (let n = 0; n < 3; n++) await append(store, "a");
    const lateNext = until(late, 3);
    await eventually(() => expect(said.join()).toContain("cannot read"));
    reachable();
    for (const seen of await Promise.all([...next, lateNext])) expect(seen).toEqual([1, 2, 3]);
    await eventually(() => expect(said.join()).toContain("can read again"));
    expect(said.filter((line) => line.includes("cannot read"))).toHaveLength(1);
    await Promise.all([...followers, late].map((following) => following.return()));
  });
});

describe("a follower whose database is replaced between its mark and its page", () => {
  test("throws the page away, for the new log may have gaps below the old mark", async ({ openFeed, store, sql, schema }) => {
    const name = pg.escapeIdentifier(schema);
    for (let n = 0; n < 5; n++) await append(store, "a");
    let replaced = false;
    const feed = await openFeed({
      watch: (database) => ({
        ...database,
        async query(statement, ...rest) {
          if (statement.name.includes("follow") && !replaced) {
            replaced = true;
            await sql.query(`
              begin;
              set local session_replication_role = replica;
              delete from ${name}.events where position > 3;
              select setval('${sequenceOf(schema)}'::regclass, 3);
              commit`);
            await append(store, "b");
          }
          return database.query(statement, ...rest);
        },
      }),
    });
    const following = follow(feed);
    const { value } = await following.next();
    expect(value?.events.map(({ event }) => event.streamId)).toEqual(["a", "a", "a", "b"]);
    expect(value).toMatchObject({ anchor: { position: 4, id: value?.events.at(-1)?.event.id }, mark: 4, caughtUp: true });
    await following.return();
  });
});

describe("a follower beside open transactions", () => {
  test("is held by an open append alone, which blockers() names, and by no stranger", async ({ openFeed, store, begin, sql, databaseUrl }) => {
    const following = follow(await openFeed());
    await caughtUp(following);
    const stranger = await begin();
    await stranger.execute("select pg_current_xact_id()");
    await sql.query(`begin; select pg_current_xact_id(); prepare transaction '${new URL(databaseUrl).pathname.slice(1)}'`);
    await append(store, "a");
    expect(await until(following, 1)).toEqual([1]);
    const open = await begin();
    await open.append("b");
    await append(store, "a");
    const blockers = await store.blockers();
    expect(blockers).toMatchObject([{ events: 1 }]);
    const next = until(following, 3);
    await open.commit();
    expect(await next).toEqual([2, 3]);
    await sql.query(`rollback prepared '${new URL(databaseUrl).pathname.slice(1)}'`);
    await following.return();
  });
});

describe("connections", () => {
  test("that were opened and given up again and again are closed at once", async ({ openFeed, store }) => {
    const feed = await openFeed({ timings: { heardWithinMs: 60_000 } });
    await append(store, "a");
    // Each leaves while its listener is still being opened, or is about to prove that it hears.
    for (let n = 0; n < 10; n++) {
      const leaving = new AbortController();
      const following = follow(feed, { signal: leaving.signal });
      await following.next();
      const next = following.next();
      await feed.highWaterMark();
      leaving.abort(new Error("enough"));
      await expect(next).rejects.toThrow("enough");
    }
    await feed.drain();
    await feed.stop();
  });

  test("beside the pool's are opened for followers alone, and closed with them and the store", async ({ databaseUrl, schema, sql }) => {
    const url = new URL(databaseUrl);
    url.searchParams.set("application_name", "watched");
    const queries = async (): Promise<string[]> => {
      const { rows } = await sql.query<{ query: string }>(
        "select query from pg_stat_activity where application_name = 'watched' and datname = current_database()",
      );
      return rows.map(({ query }) => query);
    };
    const listening = async (count: number): Promise<void> => {
      await eventually(async () => expect((await queries()).filter((query) => /^listen|liveness_lock/.test(query)).length).toBe(count));
    };
    const store = await openStore(url.href, schema);
    await append(store, "a");
    await listening(0);
    const events = store.subscribe()[Symbol.asyncIterator]();
    await events.next();
    // So far it has only read what was there.
    await listening(0);
    const next = events.next();
    await listening(1);
    await events.return?.();
    await next;
    await listening(0);
    const waiting = store.subscribe({ after: "end" })[Symbol.asyncIterator]().next();
    await listening(1);
    await store.close();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await eventually(async () => expect(await queries()).toEqual([]));
  });
});
