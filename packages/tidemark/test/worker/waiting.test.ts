import { defineConsumer } from "tidemark";
import { confirmed, itemAdded } from "../support/cart.ts";
import { describe, expect, gate, test } from "./test.ts";

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
    const waits = [store.waitFor("summary", position).then(() => handled), elsewhere.waitFor("summary", position).then(() => handled)];
    go.open();
    expect(await Promise.all(waits)).toEqual([true, true]);
  });

  test("is not held up by events that are not for the consumer", async ({ store, start }) => {
    await start(defineConsumer({ name: "c", filter: { types: ["Nothing"] }, handle: () => {} }));
    const began = performance.now();
    for (let n = 0; n < 4; n++) {
      const { position } = await store.appendToStream("cart-1", [confirmed]);
      await store.waitFor("c", position);
    }
    // Their checkpoints are written once a second, or when somebody waits: four in turn would take three seconds at least.
    expect(performance.now() - began).toBeLessThan(2_500);
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
