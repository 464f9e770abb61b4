import { defineConsumer, defineProjection, openEventStore } from "tidemark";
import { confirmed, itemAdded } from "../support/cart.ts";
import { describe, expect, gate, test } from "./test.ts";

const failing = defineConsumer({
  name: "failing",
  retry: { attempts: 1 },
  handle({ type }) {
    if (type === "CartConfirmed") throw new Error("no such customer");
  },
});

describe("caughtUp", () => {
  test("gives up after its time, and says who was where", async ({ store, start }) => {
    const never = gate();
    const { position } = await store.appendToStream("cart-1", [itemAdded()]);
    const { worker } = await start([defineConsumer({ name: "done", handle: () => {} }), defineConsumer({ name: "slow", handle: () => never.opened })]);
    await store.waitFor("done", position, { timeoutMs: 60_000 });
    await expect(worker.caughtUp({ timeoutMs: 20 })).rejects.toMatchObject({
      code: "WAIT_TIMEOUT",
      waitedFor: "slow",
      target: position,
      reached: 0,
      timeoutMs: 20,
    });
    await expect(worker.caughtUp({ timeoutMs: 0 })).rejects.toMatchObject({ code: "WAIT_TIMEOUT" });
    never.open();
    await worker.caughtUp({ timeoutMs: 60_000 });
  });

  test("rejects with its signal's reason", async ({ store, start }) => {
    const never = gate();
    await store.appendToStream("cart-1", [itemAdded()]);
    const { worker } = await start(defineConsumer({ name: "slow", handle: () => never.opened }));
    await expect(worker.caughtUp({ signal: AbortSignal.abort("enough") })).rejects.toBe("enough");
    const controller = new AbortController();
    const waiting = worker.caughtUp({ signal: controller.signal });
    controller.abort("enough");
    await expect(waiting).rejects.toBe("enough");
    never.open();
  });

  test("passes dead letters, and rejects where they are not wanted", async ({ store, start }) => {
    const { worker } = await start([failing, defineConsumer({ name: "fine", handle: () => {} })]);
    await store.appendToStream("cart-1", [itemAdded()]);
    await worker.caughtUp({ onDeadLetter: "reject" });
    const { position } = await store.appendToStream("cart-2", [confirmed]);
    await store.appendToStream("cart-2", [itemAdded()]);
    await worker.caughtUp();
    await worker.caughtUp({ onDeadLetter: "ignore" });
    const rejected = worker.caughtUp({ onDeadLetter: "reject" });
    await expect(rejected).rejects.toMatchObject({ code: "HANDLER_FAILED", consumer: "failing", shard: 0, position });
    await expect(rejected).rejects.toThrow("no such customer");
    await store.deadLetters.discard({ consumer: "failing", position });
    await store.waitFor("failing", position + 1, { timeoutMs: 60_000 });
    await expect.poll(() => store.deadLetters.list(), { timeout: 60_000 }).toEqual([]);
    await worker.caughtUp({ onDeadLetter: "reject" });
  });

  test("waits for a retry that was asked for, whatever becomes of it", async ({ store, start }) => {
    const [first, second] = [gate(), gate()];
    const entered = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    let calls = 0;
    const { worker } = await start(
      defineConsumer({
        name: "mailer",
        retry: { attempts: 1 },
        async handle() {
          const call = calls++;
          if (call > 0) {
            entered[call === 1 ? 0 : 1].resolve();
            await (call === 1 ? first : second).opened;
          }
          if (call < 2) throw new Error("no such customer");
        },
      }),
    );
    const { position } = await store.appendToStream("cart-1", [itemAdded()]);
    await worker.caughtUp();
    const [letter] = await store.deadLetters.list();
    expect(letter).toMatchObject({ position, state: "failed", retryRequested: false });

    await store.deadLetters.retry({ consumer: "mailer", position });
    await entered[0].promise;
    await expect(worker.caughtUp({ timeoutMs: 0 })).rejects.toMatchObject({ code: "WAIT_TIMEOUT", waitedFor: "mailer", reached: position });
    await expect(worker.caughtUp({ timeoutMs: 0 })).rejects.toThrow("a dead letter waits to be tried again after 0 ms");
    const failedAgain = worker.caughtUp();
    first.open();
    await failedAgain;
    expect(await store.deadLetters.list()).toMatchObject([{ position, attempts: 2, retryRequested: false }]);

    // The one that is parked behind it comes next.
    await store.appendToStream("cart-1", [itemAdded()]);
    await store.deadLetters.retry({ consumer: "mailer", position });
    await entered[1].promise;
    const handled = worker.caughtUp().then(() => store.deadLetters.list());
    second.open();
    expect(await handled).toEqual([]);
    expect(calls).toBe(4);
  });

  test("rejects at a dead letter although other events go on for ever", async ({ store, start }) => {
    const never = gate();
    const { position } = await store.appendToStream("cart-1", [confirmed]);
    const { worker } = await start([failing, defineConsumer({ name: "slow", handle: () => never.opened })]);
    await expect(worker.caughtUp({ onDeadLetter: "reject" })).rejects.toMatchObject({ code: "HANDLER_FAILED", position });
    never.open();
  });

  test("refuses options that it does not know", async ({ start }) => {
    const { worker } = await start(failing);
    const call = (options: object): Promise<unknown> => Reflect.apply(worker.caughtUp, worker, [options]);
    await expect(call({ timeout: 1 })).rejects.toThrow('did you mean "timeoutMs"');
    await expect(call({ onDeadLetter: "fail" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "options.onDeadLetter" });
    await expect(call({ timeoutMs: -1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "options.timeoutMs" });
  });

  test("leaves consumers and projections that are listed as live", async ({ databaseUrl, schema, store }) => {
    const projection = defineProjection({ name: "p", version: 1, mode: "async", handles: ["ItemAdded"], handle: async () => {} });
    await using second = await openEventStore(databaseUrl, { schema, projections: [projection] });
    // So long a lease that no heartbeat tells it in time.
    await using worker = second.createWorker({ consumers: [failing], leaseMs: 3_600_000 });
    await worker.start();
    for (let n = 0; n < 3; n++) {
      await store.appendToStream("cart-1", [itemAdded()]);
      await worker.caughtUp();
      expect(await second.projections.list()).toMatchObject([{ name: "p", state: "live", lag: { events: 0 } }]);
      expect(await store.consumers.get("failing")).toMatchObject({ state: "live", shards: [{ state: "live" }] });
    }
  });
});
