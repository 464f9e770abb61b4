import pg from "pg";
import { recordLogs } from "../store/test.ts";
import { defineConsumer } from "tidemark";
import { confirmed, itemAdded } from "../support/cart.ts";
import { collect } from "../schema/collect.ts";
import { describe, eventually, expect, gate, test } from "../runtime/test.ts";

describe("store.consumers", () => {
  test("pauses and resumes a consumer, whose workers finish the event in hand", async ({ application, store, start }) => {
    const seen: number[] = [];
    const [inside, go] = [gate(), gate()];
    await application.appendToStream("cart-1", [itemAdded(), itemAdded()]);
    await start(
      defineConsumer({
        name: "c",
        async handle({ version }) {
          inside.open();
          await go.opened;
          seen.push(version);
        },
      }),
    );
    await inside.opened;
    await store.consumers.pause("c");
    // A worker that another store has learns of it at a heartbeat.
    await eventually(() => expect(application.metrics().consumers).toMatchObject([{ shards: [{ state: "paused" }] }]));
    go.open();
    await eventually(async () => expect(await store.consumers.get("c")).toMatchObject({ state: "paused", paused: true, shards: [{ position: 1 }] }));
    await application.appendToStream("cart-2", [itemAdded()]);
    expect(seen).toEqual([1]);
    await store.consumers.resume("c");
    await eventually(() => expect(seen).toEqual([1, 2, 1]));
    await eventually(async () => expect(await store.consumers.get("c")).toMatchObject({ state: "live", paused: false }));
  });

  test("handles what is of a prefix and a time alone, and shows what its filter is", async ({ openApplication, store, start }) => {
    const clock = { now: new Date("2026-01-01") };
    const dated = await openApplication({ now: () => clock.now });
    await dated.appendToStream("cart-1", [itemAdded()]);
    clock.now = new Date("2026-01-02");
    await dated.appendToStream("cart-2", [itemAdded()]);
    await dated.appendToStream("order-1", [confirmed]);
    const seen: string[] = [];
    const since = new Date("2026-01-02");
    const mailer = defineConsumer({ name: "c", prefix: "cart-", since, handle: ({ streamId }) => void seen.push(streamId) });
    const { worker } = await start(mailer);
    await worker.caughtUp();
    await dated.appendToStream("cart-3", [itemAdded()]);
    clock.now = new Date("2026-01-01");
    await dated.appendToStream("cart-4", [itemAdded()]);
    await worker.caughtUp();
    expect(seen).toEqual(["cart-2", "cart-3"]);
    expect((await store.consumers.get("c")).filter).toEqual([{ prefix: "cart-", since }]);
    // The same definition again is no changed filter.
    const { logger, lines } = recordLogs();
    const again = (await openApplication({ logger })).createWorker({ consumers: [mailer] });
    await again.start();
    await again.stop();
    expect(lines.filter((line) => line.includes("another filter"))).toEqual([]);
  });

  test("shows why a consumer is paused, since when and by whom, until it is resumed", async ({ store, start }) => {
    await start(defineConsumer({ name: "c", handle: () => {} }));
    const before = Date.now();
    await store.consumers.pause("c", { reason: "the mail server is down", by: "ada" });
    const { pause, paused } = await store.consumers.get("c");
    expect({ pause, paused }).toEqual({ pause: { reason: "the mail server is down", by: "ada", at: expect.any(Date) }, paused: true });
    expect(Math.abs((pause?.at.getTime() ?? 0) - before)).toBeLessThan(60_000);
    await store.consumers.pause("c");
    expect((await store.consumers.list())[0]?.pause).toEqual({ reason: undefined, by: undefined, at: expect.any(Date) });
    await store.consumers.resume("c");
    expect(await store.consumers.get("c")).toMatchObject({ paused: false, pause: undefined });
    await expect(store.consumers.pause("c", { reason: "" })).rejects.toThrow("options.reason is empty");
  });

  test("deletes a consumer, whose worker can commit nothing more, and which begins anew", async ({ application, store, start, sql, schema }) => {
    const q = pg.escapeIdentifier(schema);
    const [inside, go] = [gate(), gate()];
    await application.appendToStream("cart-1", [itemAdded()]);
    await application.query(`create table ${q}.effects (position bigint)`);
    const { errors, worker } = await start(
      defineConsumer({
        name: "c",
        async handle({ position }, context) {
          await context.query(`insert into ${q}.effects values ($1)`, [position]);
          inside.open();
          await go.opened;
        },
      }),
    );
    await inside.opened;
    await store.consumers.delete("c");
    go.open();
    await eventually(() => expect(errors).toContainEqual(expect.objectContaining({ code: "NOT_FOUND", key: "c" })));
    await worker.stop();
    expect(await store.consumers.list()).toEqual([]);
    await expect(store.consumers.delete("c")).rejects.toMatchObject({ code: "NOT_FOUND" });
    const left = async (table: string): Promise<unknown> => (await sql.query(`select count(*)::int as n from ${q}.${table}`)).rows[0]?.n;
    for (const table of ["effects", "consumer_shards", "consumer_leases", "consumer_workers"]) expect(await left(table)).toBe(0);
    const seen: number[] = [];
    const again = await start(defineConsumer({ name: "c", handle: ({ position }) => void seen.push(position) }));
    await again.worker.caughtUp();
    expect(seen).toEqual([1]);
  });

  test("sets a consumer back while it runs, and on", async ({ application, store, start }) => {
    const seen: number[] = [];
    const again = gate();
    await application.appendToStream("cart-1", [itemAdded(), itemAdded(), confirmed]);
    const { worker, errors } = await start(
      defineConsumer({
        name: "c",
        retry: { attempts: 1 },
        async handle({ version, type }) {
          if (seen.length >= 3) await again.opened;
          seen.push(version);
          if (type === "CartConfirmed") throw new Error("no");
        },
      }),
    );
    await worker.caughtUp();
    expect(await store.deadLetters.list()).toHaveLength(1);
    await store.consumers.reset("c", { after: 1 });
    expect(await store.deadLetters.list()).toEqual([]);
    again.open();
    await eventually(() => expect(seen).toEqual([1, 2, 3, 2, 3]));
    await store.consumers.reset("c", { after: "end" });
    await worker.caughtUp();
    expect(seen).toEqual([1, 2, 3, 2, 3]);
    expect(errors.every(({ code }) => code === "HANDLER_FAILED" || code === "FENCED")).toBe(true);
  });

  test("renames a consumer with everything it has", async ({ application, store, start }) => {
    await application.appendToStream("cart-1", [confirmed]);
    const failing = defineConsumer({
      name: "old",
      retry: { attempts: 1 },
      handle() {
        throw new Error("no");
      },
    });
    const { worker, errors } = await start([failing, defineConsumer({ name: "other", handle: () => {} })]);
    await worker.caughtUp();
    await expect(store.consumers.rename("old", "other")).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "to" });
    await store.consumers.rename("old", "new");
    expect((await store.consumers.list()).map(({ name, deadLetters, lag }) => ({ name, deadLetters, events: lag.events }))).toEqual([
      { name: "new", deadLetters: 1, events: 0 },
      { name: "other", deadLetters: 0, events: 0 },
    ]);
    await eventually(() => expect(errors).toContainEqual(expect.objectContaining({ code: "NOT_FOUND", key: "old" })));
    const seen: number[] = [];
    const renamed = await start(defineConsumer({ name: "new", handle: ({ position }) => void seen.push(position) }));
    await application.appendToStream("cart-2", [itemAdded()]);
    await renamed.worker.caughtUp();
    expect(seen).toHaveLength(1);
  });

  test("tells of an unknown name what was meant", async ({ store, start }) => {
    await start(defineConsumer({ name: "mailer", handle: () => {} }));
    for (const call of [
      () => store.consumers.get("mialer"),
      () => store.consumers.pause("mialer"),
      () => store.consumers.resume("mialer"),
      () => store.consumers.reset("mialer", { after: 0 }),
      () => store.consumers.rename("mialer", "x"),
    ])
      await expect(call()).rejects.toThrow('There is no consumer "mialer". Did you mean "mailer"?');
    // @ts-expect-error -- a place is missing
    await expect(store.consumers.reset("mailer", {})).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "options.after" });
  });

  test("shows how far a consumer is behind, and who is alive", async ({ application, store, start }) => {
    const go = gate();
    const { worker } = await start(defineConsumer({ name: "c", batchSize: 1, filter: { categories: ["cart"] }, handle: () => go.opened }));
    await application.appendToStream("cart-1", [itemAdded(), itemAdded()]);
    const behind = await eventually(async () => {
      const info = await store.consumers.get("c");
      expect(info.lag.events).toBe(2);
      return info;
    });
    expect(behind.lag.seconds).toBeGreaterThan(0);
    expect(behind).toMatchObject({ filter: { categories: ["cart"] }, tenants: "own", createdAt: expect.any(Date), tenant: "" });
    const [shard] = behind.shards;
    expect(shard?.leaseEnd?.getTime()).toBeGreaterThan(shard?.heartbeatAt?.getTime() ?? Number.POSITIVE_INFINITY);
    go.open();
    await worker.stop();
    expect(await store.consumers.get("c")).toMatchObject({ state: "stopped", shards: [{ leaseEnd: undefined, heartbeatAt: expect.any(Date) }] });
  });
});

test("a changed filter is told at the start: it does not reach back", async ({ openApplication, start }) => {
  const logger = collect();
  const store = await openApplication({ logger });
  const first = await start(defineConsumer({ name: "c", filter: { types: ["A"], tags: ["x"] }, handle: () => {} }), { on: store });
  await first.worker.stop();
  const same = await start(defineConsumer({ name: "c", filter: { tags: ["x"], types: ["A"] }, handle: () => {} }), { on: store });
  await same.worker.stop();
  expect(logger.lines.filter((line) => line.startsWith("warn"))).toEqual([]);
  await start(defineConsumer({ name: "c", filter: { types: ["A", "B"] }, handle: () => {} }), { on: store });
  expect(logger.lines.filter((line) => line.startsWith("warn"))).toEqual([expect.stringContaining('consumer "c" has another filter than before')]);
});
