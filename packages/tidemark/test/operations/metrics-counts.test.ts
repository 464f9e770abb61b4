import { setImmediate } from "node:timers/promises";
import pg from "pg";
import { defineConsumer, openEventStore } from "tidemark";
import { itemAdded } from "../support/cart.ts";
import { vi } from "vitest";
import { describe, eventually, expect, test } from "../support/test.ts";

describe("store.metrics", () => {
  test("asks the database nothing, on no connection of the pool or beside it", async ({ databaseUrl, schema, onTestFinished }) => {
    const pool = new pg.Pool({ connectionString: databaseUrl });
    onTestFinished(() => pool.end());
    await using store = await openEventStore({ pool, schema });
    await store.appendToStream("cart-1", [itemAdded()]);
    // Of every pool in this process: that of the store's side connections is of the same class.
    const connect = vi.spyOn(pg.Pool.prototype, "connect");
    onTestFinished(() => connect.mockRestore());
    for (let time = 0; time < 3; time++) {
      store.metrics();
      await setImmediate();
    }
    expect(connect).not.toHaveBeenCalled();
    await store.highWaterMark();
    expect(connect).toHaveBeenCalled();
  });

  test("counts the pages and events that calls read, and those that followers read apart", async ({ store }) => {
    await store.appendToStream("cart-1", [itemAdded(), itemAdded(), itemAdded()]);
    for (const _ of ["once", "again"]) await store.readStream("cart-1").toArray();
    await store.readStream("none").toArray();
    const { reads, followed, openForMs } = store.metrics();
    expect(reads).toMatchObject({ pages: 2, events: 6, eventsPerSecond: expect.closeTo(6 / Math.max(1, openForMs / 1_000), 0) });
    expect(followed).toEqual({ pages: 0, events: 0, eventsPerSecond: 0 });
    for await (const { position } of store.subscribe()) if (position === 3) break;
    expect(store.metrics().followed).toMatchObject({ events: 3, pages: expect.toSatisfy((pages: number) => pages >= 1 && pages <= 3) });
    expect(store.metrics().followed.eventsPerSecond).toBeGreaterThan(0);
    expect(store.metrics().reads).toMatchObject({ pages: 2, events: 6 });
  });

  test("counts the batches of appends, and the calls in each", async ({ store }) => {
    await store.appendToStream("cart-0", [itemAdded()]);
    expect(store.metrics().appends.batches).toEqual({ sent: 1, meanCalls: 1, mostCalls: 1 });
    // Calls of one turn go out together.
    await Promise.all(["a", "b", "c"].map((id) => store.appendToStream(`cart-${id}`, [itemAdded()])));
    expect(store.metrics().appends.batches).toEqual({ sent: 2, meanCalls: 2, mostCalls: 3 });
  });

  test("tells when the mark was read and rose, how fast it rises, and when somebody looked who holds it", async ({ store }) => {
    expect(store.metrics().mark).toMatchObject({ movedAgoMs: null, positionsPerSecond: 0, reading: { count: 0, meanMs: null }, heldByAgoMs: null });
    for (const position of [1, 2]) {
      await store.appendToStream("cart-1", [itemAdded()]);
      expect(await store.highWaterMark()).toBe(position);
    }
    await store.blockers();
    const { mark } = store.metrics();
    expect(mark).toMatchObject({ position: 2, reading: { count: 2, meanMs: expect.any(Number) }, heldBy: [] });
    expect(mark.readAgoMs).toBeGreaterThan(0);
    expect(mark.movedAgoMs).toBeGreaterThan(0);
    expect(mark.positionsPerSecond).toBeGreaterThan(0);
    expect(mark.heldByAgoMs).toBeGreaterThan(0);
  });

  test("counts who follows live here, what others have notified of, and each loss of the connection that listens", async ({ store, openStore, sql }) => {
    const other = await openStore();
    await using worker = store.createWorker({ consumers: [defineConsumer({ name: "mailer", handle() {} })] });
    await worker.start();
    await eventually(() => expect(store.metrics().listener).toMatchObject({ state: "listening", losses: 0 }));
    await eventually(() => expect(store.metrics().listener.followers).toBeGreaterThan(0));
    const { heard } = store.metrics().listener;
    await other.appendToStream("cart-1", [itemAdded()]);
    await eventually(() => expect(store.metrics().listener.heard).toBeGreaterThan(heard));
    await sql.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'tidemark listener'");
    await eventually(() => expect(store.metrics().listener).toMatchObject({ state: "listening", losses: 1 }));
    await worker.stop();
    expect(store.metrics().listener).toMatchObject({ state: "off", followers: 0, losses: 1 });
  });
});
