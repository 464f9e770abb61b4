import type { EventStore } from "tidemark";
import { describe, eventually, expect, test } from "../support/test.ts";

const eventId = "018f2b6e-7b1c-7a3e-9d53-1c2d3e4f5a6b";

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Each waits for a lock on the tables of streams and events. */
const readings: readonly (readonly [string, (store: EventStore, signal: AbortSignal, schema: string) => Promise<unknown>])[] = [
  ["streams", (store, signal) => all(store.streams({ signal }))],
  ["streams of a category", (store, signal) => all(store.streams({ category: "cart", signal }))],
  ["streamInfo", (store, signal) => store.streamInfo("cart-1", { signal })],
  ["eventById", (store, signal) => store.eventById(eventId, { raw: true, signal })],
  ["query", (store, signal, schema) => store.query(`select from "${schema.replaceAll('"', '""')}".events`, [], { signal })],
];

describe.for(readings)("%s", ([, read]) => {
  test("cancels its query on the server when its signal aborts, and rejects with its reason", async ({ store, schema, sql }) => {
    await store.appendToStream("cart-1", [{ type: "Opened", data: {} }]);
    const at = `"${schema.replaceAll('"', '""')}"`;
    const holder = await sql.connect();
    const waiting = async (): Promise<number> => {
      const { rows } = await holder.query(
        "select count(*)::int as waiting from pg_catalog.pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return rows[0].waiting;
    };
    await holder.query("begin");
    await holder.query(`lock table ${at}.events, ${at}.streams in access exclusive mode`);
    try {
      const left = new AbortController();
      const reason = new Error("nobody looks any more");
      const reading = read(store, left.signal, schema).catch((error: unknown) => error);
      await eventually(async () => expect(await waiting()).toBe(1));
      left.abort(reason);
      expect(await reading).toBe(reason);
      await eventually(async () => expect(await waiting()).toBe(0));
    } finally {
      await holder.query("rollback");
      holder.release();
    }
    // What was cancelled harms no call after it.
    expect(await store.streamInfo("cart-1")).toMatchObject({ version: 1 });
  });

  test("sends nothing where the signal has aborted before", async ({ store, schema }) => {
    const reason = new Error("too late");
    await expect(read(store, AbortSignal.abort(reason), schema)).rejects.toBe(reason);
  });
});

test("what is no signal is refused", async ({ store }) => {
  const signal: AbortSignal = JSON.parse("{}");
  await expect(store.streamInfo("cart-1", { signal })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "options.signal" });
  await expect(store.query("select 1", [], { signal })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "options.signal" });
  await expect(store.eventById(eventId, { signal })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "options.signal" });
  expect(() => store.streams({ signal })).toThrow("options.signal");
});
