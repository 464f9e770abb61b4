import { startProxy } from "@tidemark/servers";
import { openEventStore } from "tidemark";
import { added, describe, eventually, expect, gate, lockStream, rejection, test, times, waitersFor } from "./test.ts";
import { fn } from "../support/functions.ts";

describe("limits.queuedAppends", () => {
  test("refuses calls beyond it at once, and those within it are written", async ({ openStore, log }) => {
    const store = await openStore({ limits: { queuedAppends: 10 } });
    const settled = await Promise.allSettled(times(25, (n) => store.appendToStream(`cart-${n}`, [added(n)])));
    expect(settled.map(({ status }) => status)).toEqual(times(25, (n) => (n < 10 ? "fulfilled" : "rejected")));
    expect(settled[24]).toMatchObject({ reason: { code: "QUEUE_FULL", limit: 10, retryable: true } });
    expect(await log()).toHaveLength(10);
    expect(await store.appendToStream("cart-1", [added()])).toMatchObject({ version: 2 });
  });

  test("counts appends that wait for a locked stream", async ({ store, openStore, client, q, log }) => {
    await store.appendToStream("cart-1", [added()]);
    const small = await openStore({ limits: { queuedAppends: 3 } });
    const holder = await client();
    await lockStream(holder, q, "cart-1");
    const held = small.appendToStream("cart-1", [added(0)]);
    await small.appendToStream("cart-2", [added()]);
    // The first of them waits on a connection by now or is about to; it no longer counts.
    const queued = times(3, (n) => small.appendToStream("cart-1", [added(n + 1)]));
    const refused = await rejection(small.appendToStream("cart-1", [added(9)]));
    expect(refused).toMatchObject({ code: "QUEUE_FULL", limit: 3 });
    await holder.query("commit");
    await Promise.all([held, ...queued]);
    expect((await log("cart-1")).map(({ data }) => data)).toEqual([1, 0, 1, 2, 3].map((n) => ({ n })));
  });
});

describe("close", () => {
  test("writes all that was called before it, and refuses what comes after", async ({ openStore, log }) => {
    const store = await openStore();
    const appended = times(1_000, (n) => store.appendToStream(`cart-${n % 10}`, [added(n)]));
    const closed = store.close();
    expect(await rejection(store.appendToStream("cart-1", [added()]))).toMatchObject({ code: "STORE_CLOSED" });
    await closed;
    await Promise.all(appended);
    expect(await log()).toHaveLength(1_000);
    expect(await rejection(store.forTenant("acme").appendToStream("cart-1", [added()]))).toMatchObject({ code: "STORE_CLOSED" });
    await store.close();
  });

  test("rejects after timeoutMs what was not sent, whether it is queued or waits for a locked stream", async ({ store, openStore, client, q, log }) => {
    await store.appendToStreams(times(4, (n) => ({ streamId: `cart-${n}`, events: [added()] })));
    const holder = await client();
    await holder.query("begin");
    await holder.query(`select 1 from ${q}.streams for update`);
    const closing = await openStore();
    const held = times(12, (n) => rejection(closing.appendToStream(`cart-${n % 4}`, [added()])));
    await closing.appendToStream("cart-9", [added()]);
    await closing.close({ timeoutMs: 20 });
    for (const error of await Promise.all(held)) expect(error).toMatchObject({ code: "STORE_CLOSED" });
    await holder.query("commit");
    expect(await log()).toHaveLength(5);
  });

  test("does not wait for timeoutMs when all is written before", async ({ openStore }) => {
    const store = await openStore();
    const appended = store.appendToStream("cart-1", [added()]);
    await store.close({ timeoutMs: 2_000_000_000 });
    expect(await appended).toMatchObject({ version: 1 });
  });
});

describe("an append whose signal", () => {
  const reason = "the user left";

  test("is aborted before the call is not queued", async ({ store, log }) => {
    expect(await rejection(store.appendToStream("cart-1", [added()], { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(await log()).toEqual([]);
  });

  test("is aborted while it is queued is not sent", async ({ store, log }) => {
    const controller = new AbortController();
    const appended = rejection(store.appendToStream("cart-1", [added()], { signal: controller.signal }));
    controller.abort(reason);
    expect(await appended).toBe(reason);
    expect(await store.appendToStream("cart-1", [added(2)])).toMatchObject({ version: 1 });
    expect(await log()).toHaveLength(1);
  });

  test("is aborted while its stream is locked rejects, whether it waits for it, for its turn to wait or behind another", async ({
    store,
    client,
    sql,
    q,
    log,
  }) => {
    // Whoever waits keeps its turn until the end of the test.
    await sql.query(`alter function ${q}.${fn("append_waiting")} set lock_timeout = '60s'`);
    const names = times(6, (n) => `cart-${n}`);
    await store.appendToStreams(names.map((streamId) => ({ streamId, events: [added()] })));
    const holder = await client();
    await holder.query("begin");
    await holder.query(`select 1 from ${q}.streams for update`);
    const kept = store.appendToStream("cart-0", [added(7)]);
    await waitersFor(sql, 1);
    const [waiting, behind] = [new AbortController(), new AbortController()];
    const append = (streamId: string, { signal }: AbortController) => rejection(store.appendToStream(streamId, [added()], { signal }));
    const waits = append("cart-1", waiting);
    await waitersFor(sql, 2);
    const { rows: before } = await sql.query("select clock_timestamp() as at");
    // Two behind those that wait, and four that have no turn to wait.
    const settling = Promise.all(names.map((streamId) => append(streamId, behind)));
    await eventually(async () => {
      const { rows } = await sql.query(
        "select 1 from pg_stat_activity where datname = current_database() and state = 'idle' and state_change > $1 and query like '%append_separately%'",
        [before[0].at],
      );
      expect(rows).not.toEqual([]);
    });
    await store.appendToStream("elsewhere", [added()]);
    behind.abort(reason);
    expect(await settling).toEqual(names.map(() => reason));
    await waitersFor(sql, 2);
    waiting.abort(reason);
    expect(await waits).toBe(reason);
    await holder.query("commit");
    expect(await kept).toMatchObject({ version: 2 });
    expect(await log()).toHaveLength(8);
  });

  test("is aborted after it was sent gets its outcome", async ({ databaseUrl, schema, log }) => {
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using store = await openEventStore(proxy.through(databaseUrl), { schema });
    const [answered, released] = [gate(), gate()];
    proxy.on("backend", async ({ name }) => {
      if (name !== "DataRow") return;
      answered.open();
      await released.opened;
    });
    const controller = new AbortController();
    const appended = store.appendToStream("cart-1", [added()], { signal: controller.signal });
    await answered.opened;
    controller.abort(reason);
    released.open();
    expect(await appended).toMatchObject({ version: 1 });
    expect(await log()).toHaveLength(1);
  });
});
