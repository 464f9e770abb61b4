import { eventOf, append } from "./open.ts";
import type { EventStore } from "../../src/store/event-store.ts";
import { describe, expect, test } from "./test.ts";

/** Follows the log as a consumer does: from its checkpoint, `limit` events at a time, and never looks back. */
function follow(store: EventStore, limit = 1_000): { readonly seen: number[]; poll(): Promise<void> } {
  const seen: number[] = [];
  return {
    seen,
    async poll() {
      for await (const { position } of store.readAll({ after: seen.at(-1) ?? 0, limit })) seen.push(position);
    },
  };
}

describe("interleavings that lose or reorder events elsewhere", () => {
  test("a later transaction id draws the lower position, and the higher one commits first", async ({ store, begin }) => {
    // A safe position worked out from transaction ids passes the open one.
    const [late, early] = [await begin(), await begin()];
    await early.execute("select pg_current_xact_id()");
    const lower = await late.append("a");
    const higher = await early.append("b");
    await early.commit();
    const reader = follow(store);
    await reader.poll();
    expect(reader.seen).toEqual([]);
    await late.commit();
    await reader.poll();
    expect(reader.seen).toEqual([lower, higher]);
  });

  test("one transaction's positions enclose another's, and it commits first", async ({ store, begin }) => {
    // A cursor by position with a filter by transaction id moves past the one between.
    const [outer, inner] = [await begin(), await begin()];
    const first = await outer.append("a");
    const between = await inner.append("b");
    const last = await outer.append("a");
    await outer.commit();
    const reader = follow(store);
    await reader.poll();
    expect(reader.seen).toEqual([first]);
    await inner.commit();
    await reader.poll();
    expect(reader.seen).toEqual([first, between, last]);
  });

  test("transaction ids and positions in opposite order, read one event at a time with nothing open", async ({ store, begin }) => {
    // Ordered by transaction id with the last row's position as the cursor, a batch's end skips or repeats.
    const [one, two] = [await begin(), await begin()];
    await one.execute("select pg_current_xact_id()");
    const lower = await two.append("a");
    await two.commit();
    const higher = await one.append("b");
    await one.commit();
    const reader = follow(store, 1);
    for (let polls = 0; polls < 3; polls++) await reader.poll();
    expect(reader.seen).toEqual([lower, higher]);
  });

  test("an older transaction extends a stream after a younger one", async ({ store, begin }) => {
    // Ordered by transaction id, version 2 comes before version 1.
    const older = await begin();
    await older.execute("select pg_current_xact_id()");
    await append(store, "order");
    await older.append("order");
    await older.commit();
    const versions = (await store.readAll().toArray()).map(({ version }) => version);
    expect(versions).toEqual([1, 2]);
  });

  test("appends of several events in one stream and many, with a rollback between", async ({ store, begin }) => {
    const [one, two, three] = [await begin(), await begin(), await begin()];
    const reader = follow(store, 2);
    await one.tx.appendToStreams([
      { streamId: "a", events: [eventOf("a"), eventOf("a")] },
      { streamId: "b", events: [eventOf("b")] },
    ]);
    await two.append("c");
    await three.append("d");
    await one.append("a");
    await three.commit();
    await reader.poll();
    await two.rollback();
    await reader.poll();
    expect(reader.seen).toEqual([]);
    await one.commit();
    await append(store, "c");
    for (let polls = 0; polls < 4; polls++) await reader.poll();
    expect(reader.seen).toEqual([1, 2, 3, 5, 6, 7]);
  });
});
