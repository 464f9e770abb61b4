import type { FollowedBatch, FollowOptions } from "../../src/feed/follow.ts";
import { Feed } from "../../src/feed/feed.ts";
import { openDatabase } from "../schema/open.ts";
import { append, silent } from "./open.ts";
import { describe, expect, test as base } from "./test.ts";

const test = base.extend("feed", async ({ databaseUrl, schema, store }, { onCleanup }): Promise<Feed> => {
  // The store has made the schema.
  await store.highWaterMark();
  const database = await openDatabase(databaseUrl);
  const feed = new Feed(database, schema, silent);
  onCleanup(async () => {
    await feed.drain();
    await feed.stop();
    await database.close();
  });
  return feed;
});

function options(over: Partial<FollowOptions> = {}): FollowOptions {
  return { reader: "test", tenant: undefined, after: { position: 0, id: null }, batchSize: 2, signal: new AbortController().signal, ...over };
}

const positionsOf = (batch: FollowedBatch | void): readonly number[] => batch?.events.map(({ event }) => event.position) ?? [];

describe("following the log", () => {
  test("brings what is there in batches, then what is appended", async ({ feed, application }) => {
    for (const stream of ["a", "b", "a"]) await append(application, stream);
    const following = feed.follow(options());
    const first = (await following.next()).value;
    expect(positionsOf(first)).toEqual([1, 2]);
    expect(first).toMatchObject({ anchor: { position: 2 }, mark: 3, caughtUp: false });
    const second = (await following.next()).value;
    expect(positionsOf(second)).toEqual([3]);
    expect(second).toMatchObject({ anchor: { position: 3 }, mark: 3, caughtUp: true });
    const third = following.next();
    await append(application, "c");
    expect(positionsOf((await third).value)).toEqual([4]);
    await following.return();
  });

  test("says that it has caught up with an empty log", async ({ feed }) => {
    const following = feed.follow(options());
    expect((await following.next()).value).toEqual({ events: [], anchor: { position: 0, id: null }, mark: 0, caughtUp: true });
    await following.return();
  });

  test("moves the anchor past events that were filtered out", async ({ feed, application }) => {
    for (const stream of ["a", "b"]) await append(application, stream);
    const following = feed.follow(options({ filter: { streamIds: ["nothing"] } }));
    expect((await following.next()).value).toMatchObject({ events: [], anchor: { position: 2 }, caughtUp: true });
    await following.return();
  });

  test("refuses an anchor whose event is another now", async ({ feed, application }) => {
    await append(application, "a");
    const following = feed.follow(options({ after: { position: 1, id: "018f6f3c-0000-7000-8000-000000000000" } }));
    await expect(following.next()).rejects.toMatchObject({ code: "HISTORY_FORKED", reader: "test", position: 1 });
  });

  test("anchors a bare position at the first batch", async ({ feed, application }) => {
    for (const stream of ["a", "b", "c"]) await append(application, stream);
    const following = feed.follow(options({ after: { position: 2, id: null } }));
    const batch = (await following.next()).value;
    expect(positionsOf(batch)).toEqual([3]);
    expect(batch).toMatchObject({ anchor: { position: 3, id: expect.any(String) } });
    await following.return();
  });

  test("ends at `until`, with the last event at or below it as the anchor", async ({ feed, application }) => {
    for (const stream of ["a", "b", "c"]) await append(application, stream);
    const batches: FollowedBatch[] = [];
    for await (const batch of feed.follow(options({ until: 2, filter: { streamIds: ["a"] } }))) batches.push(batch);
    expect(batches.map(positionsOf)).toEqual([[1]]);
    expect(batches.at(-1)).toMatchObject({ anchor: { position: 2, id: expect.any(String) }, mark: 3, caughtUp: false });
  });

  test("divides streams among shards, each event to one", async ({ feed, application }) => {
    for (const stream of ["a", "b", "c", "d", "a"]) await append(application, stream);
    const seen: number[] = [];
    for (const index of [0, 1, 2]) {
      for await (const { events } of feed.follow(options({ until: 5, shard: { index, of: 3 } }))) {
        for (const { event, stream } of events) {
          expect(stream % 3).toBe(index);
          seen.push(event.position);
        }
      }
    }
    expect(seen.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
  });

  test("rejects with the signal's reason, also while it waits", async ({ feed }) => {
    const aborting = new AbortController();
    const following = feed.follow(options({ signal: aborting.signal }));
    await following.next();
    const waiting = following.next();
    aborting.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });
});
