import { defineConsumer } from "tidemark";
import { confirmed, itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, gate, test } from "./test.ts";

const stopping = defineConsumer({
  name: "c",
  retry: { attempts: 1 },
  onFailure: "stop",
  handle({ type }) {
    if (type === "CartConfirmed") throw new Error("no such customer");
  },
});

describe("a consumer that stopped at an event", () => {
  test("says so as soon as caughtUp has rejected", async ({ store, start }) => {
    const { position } = await store.appendToStream("cart-1", [itemAdded(), confirmed]);
    const { worker } = await start(stopping, { leaseMs: 3_600_000 });
    await expect(worker.caughtUp()).rejects.toMatchObject({ code: "HANDLER_FAILED" });
    expect(await store.consumers.get("c")).toMatchObject({
      state: "failed",
      shards: [{ state: "failed", lastError: { message: "no such customer" }, failingEvent: { position, streamId: "cart-1" }, attempt: 1 }],
    });
  });

  test("leaves that behind when its worker stops at once", async ({ store, start }) => {
    const { position } = await store.appendToStream("cart-1", [itemAdded(), confirmed]);
    const { worker } = await start(stopping, { leaseMs: 3_600_000 });
    await worker.caughtUp().catch(() => worker.stop());
    expect(await store.consumers.get("c")).toMatchObject({
      state: "stopped",
      shards: [{ state: "stopped", lastError: { message: "no such customer" }, failingEvent: { position } }],
    });
  });

  test("leaves that behind when its worker is stopped from onError", async ({ store }) => {
    const { position } = await store.appendToStream("cart-1", [itemAdded(), confirmed]);
    const told = Promise.withResolvers<unknown>();
    const worker = store.createWorker({
      consumers: [stopping],
      leaseMs: 3_600_000,
      // What a process that exits here leaves behind.
      onError: () => told.resolve(store.consumers.get("c")),
    });
    await worker.start();
    expect(await told.promise).toMatchObject({ state: "failed", shards: [{ lastError: { message: "no such customer" }, failingEvent: { position } }] });
    await worker.stop();
  });

  test("leaves behind what it last tried when it is stopped in a back-off", async ({ store, start }) => {
    const { position } = await store.appendToStream("cart-1", [confirmed]);
    const tried = gate();
    const { worker } = await start(
      defineConsumer({
        name: "c",
        retry: { minDelayMs: 60_000 },
        handle() {
          tried.open();
          throw new Error("later");
        },
      }),
      { leaseMs: 3_600_000 },
    );
    await tried.opened;
    await worker.stop();
    expect(await store.consumers.get("c")).toMatchObject({ state: "stopped", shards: [{ lastError: { message: "later" }, failingEvent: { position } }] });
  });
});

describe("a handler whose consumer was reset", () => {
  test("is told that it was fenced, whether or not it had a transaction", async ({ store, start }) => {
    for (const early of [false, true]) {
      const name = `c ${early}`;
      await store.appendToStream("cart-1", [itemAdded()]);
      const [running, over] = [gate(), gate()];
      let calls = 0;
      const thrown: unknown[] = [];
      const { worker } = await start(
        defineConsumer({
          name,
          async handle(_event, context) {
            if (++calls > 1) return;
            if (early) await context.query("select 1");
            const { signal } = context;
            running.open();
            await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
            thrown.push(signal.reason);
            for (const use of [() => context.query("select 1"), () => context.streamInfo("cart-1"), () => context.appendToStream("cart-1", [itemAdded()])]) {
              await use().catch((error: unknown) => thrown.push(error));
            }
            over.open();
          },
        }),
      );
      await running.opened;
      await store.consumers.reset(name, { after: 0 });
      await over.opened;
      expect(thrown).toMatchObject(Array.from({ length: 4 }, () => ({ code: "FENCED", consumer: name, fence: 1 })));
      await worker.stop();
    }
  });
});

describe("a dead letter", () => {
  test("is not settled by an owner that was fenced off", async ({ store, sql, schema, start }) => {
    const { position } = await store.appendToStream("cart-1", [confirmed]);
    const [again, go] = [gate(), gate()];
    let tries = 0;
    const { worker, errors } = await start(
      defineConsumer({
        name: "c",
        retry: { attempts: 1 },
        async handle() {
          if (++tries > 1) {
            again.open();
            await go.opened;
          }
          throw new Error(`try ${tries}`);
        },
      }),
      { leaseMs: 3_600_000 },
    );
    await worker.caughtUp();
    await store.deadLetters.retry({ consumer: "c", position });
    await again.opened;
    // Another worker takes over.
    await sql.query(`update "${schema.replaceAll('"', '""')}".consumer_shards set fence = fence + 1`);
    go.open();
    await eventually(() => expect(errors).toContainEqual(expect.objectContaining({ code: "FENCED" })));
    expect(await store.deadLetters.get({ consumer: "c", position })).toMatchObject({ attempts: 1, retryRequested: true, error: { message: "try 1" } });
  });
});
