import pg from "pg";
import { defineConsumer } from "tidemark";
import { confirmed, itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, gate, test } from "./test.ts";

describe("waitFor", () => {
  test("resolves when the consumer has handled the event, in this process and in another store", async ({ store, openStore, start }) => {
    const go = gate();
    let handled = false;
    await start(
      defineConsumer({
        name: "summary",
        async handle() {
          await go.opened;
          handled = true;
        },
      }),
    );
    const { position } = await store.appendToStream("cart-1", [itemAdded()]);
    const elsewhere = await openStore();
    await expect(store.waitFor("summary", position, { timeoutMs: 20 })).rejects.toMatchObject({
      code: "WAIT_TIMEOUT",
      waitedFor: "summary",
      target: position,
      reached: 0,
      timeoutMs: 20,
    });
    const waits = [
      store.waitFor("summary", position, { timeoutMs: 60_000 }).then(() => handled),
      elsewhere.waitFor("summary", position, { timeoutMs: 60_000 }).then(() => handled),
    ];
    go.open();
    expect(await Promise.all(waits)).toEqual([true, true]);
  });

  test("is not held up by events that are not for the consumer", async ({ store, start }) => {
    await start(defineConsumer({ name: "c", filter: { types: ["Nothing"] }, handle: () => {} }));
    const waits: number[] = [];
    // Their checkpoints are written once a second, or when somebody waits: after the first, each would take a second. One that does not shows it.
    for (let n = 0; n < 20 && !waits.slice(1).some((ms) => ms < 500); n++) {
      const { position } = await store.appendToStream("cart-1", [confirmed]);
      const began = performance.now();
      await store.waitFor("c", position, { timeoutMs: 60_000 });
      waits.push(performance.now() - began);
    }
    expect(Math.min(...waits.slice(1))).toBeLessThan(500);
  });

  test("sees a checkpoint that moved on while the one before it was being written", async ({ store, sql, schema, start }) => {
    await start(defineConsumer({ name: "c", filter: { types: ["Nothing"] }, handle: () => {} }));
    const shards = `${pg.escapeIdentifier(schema)}.consumer_shards`;
    const holder = await sql.connect();
    const arrivals = store.subscribe()[Symbol.asyncIterator]();
    try {
      await holder.query(`begin; select from ${shards} for update`);
      const first = await store.appendToStream("cart-1", [confirmed]);
      const waits = [store.waitFor("c", first.position, { timeoutMs: 60_000 })];
      await arrivals.next();
      await eventually(async () => {
        const { rows } = await sql.query(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and wait_event in ('transactionid', 'tuple')",
        );
        expect(rows).toHaveLength(1);
      });
      const second = await store.appendToStream("cart-1", [confirmed]);
      waits.push(store.waitFor("c", second.position, { timeoutMs: 60_000 }));
      // The worker has it from the same reading of the log.
      await arrivals.next();
      await store.streamInfo("cart-1");
      await holder.query("rollback");
      await Promise.all(waits);
    } finally {
      holder.release(true);
      await arrivals.return?.();
    }
  });

  test("sees a checkpoint that moved on after the answer to its last writing was lost", async ({ store, sql, schema, start }) => {
    await start(defineConsumer({ name: "c", filter: { types: ["Nothing"] }, handle: () => {} }));
    const { position } = await store.appendToStream("cart-1", [confirmed]);
    await store.waitFor("c", position, { timeoutMs: 60_000 });
    const second = await store.appendToStream("cart-1", [confirmed]);
    // As if the worker had written it, and never heard so.
    await sql.query(
      `update ${pg.escapeIdentifier(schema)}.consumer_shards as s set position = e.position, event_id = e.id from ${pg.escapeIdentifier(schema)}.events as e where e.position = $1`,
      [second.position],
    );
    const third = await store.appendToStream("cart-1", [confirmed]);
    await store.waitFor("c", third.position, { timeoutMs: 60_000 });
  });

  test("sees a checkpoint that nobody had written when a dead letter was tried again", async ({ store, start }) => {
    const [again, go] = [gate(), gate()];
    let tries = 0;
    await start(
      defineConsumer({
        name: "c",
        filter: { types: ["CartConfirmed"] },
        retry: { attempts: 1 },
        async handle() {
          if (++tries === 1) throw new Error("no");
          again.open();
          await go.opened;
        },
      }),
    );
    const { position } = await store.appendToStream("cart-1", [confirmed]);
    await store.waitFor("c", position, { timeoutMs: 60_000 });
    const passed = await store.appendToStream("cart-2", [itemAdded()]);
    for await (const event of store.subscribe({ after: position })) if (event.position === passed.position) break;
    await store.deadLetters.retry({ consumer: "c", position });
    await again.opened;
    const waiting = store.waitFor("c", passed.position, { timeoutMs: 60_000 });
    await store.streamInfo("cart-1");
    go.open();
    await waiting;
  });

  test("rejects for an unknown name, with the one that was meant, and with its signal's reason", async ({ store, start }) => {
    await start(defineConsumer({ name: "cart-summary", startFrom: "end", handle: () => {} }));
    await expect(store.waitFor("cart-sumary", 1)).rejects.toThrow('There is no consumer "cart-sumary". Did you mean "cart-summary"?');
    await expect(store.waitFor("x", 1)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(store.waitFor("cart-summary", 10, { signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
    const controller = new AbortController();
    const waiting = store.waitFor("cart-summary", 10, { signal: controller.signal, timeoutMs: 60_000 });
    controller.abort("enough");
    await expect(waiting).rejects.toBe("enough");
    await expect(store.waitFor("cart-summary", -1)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "position" });
  });
});

describe("caughtUp", () => {
  test("waits for shards that another worker holds", async ({ store, openStore, start }) => {
    const go = gate();
    const seen: number[] = [];
    const consumer = defineConsumer({
      name: "c",
      shards: 2,
      async handle({ position }) {
        await go.opened;
        seen.push(position);
      },
    });
    const first = await start(consumer, { leaseMs: 60_000 });
    await start(consumer, { on: await openStore(), leaseMs: 60_000 });
    for (let n = 0; n < 4; n++) await store.appendToStream(`cart-${n}`, [itemAdded()]);
    const caughtUp = first.worker.caughtUp();
    go.open();
    await caughtUp;
    expect(seen).toHaveLength(4);
  });

  test("rejects when the worker stops, and before it starts", async ({ store }) => {
    const never = gate();
    await store.appendToStream("cart-1", [itemAdded()]);
    const worker = store.createWorker({ consumers: [defineConsumer({ name: "c", handle: () => never.opened })] });
    await expect(worker.caughtUp()).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await worker.start();
    const waiting = expect(worker.caughtUp()).rejects.toMatchObject({ code: "STORE_CLOSED" });
    await worker.stop({ timeoutMs: 0 });
    await waiting;
  });
});
