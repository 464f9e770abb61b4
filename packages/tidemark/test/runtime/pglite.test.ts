import { defineConsumer, openEventStore } from "tidemark";
import { confirmed, itemAdded } from "../support/cart.ts";
import { collect } from "../schema/collect.ts";
import { describe, eventually, expect, test } from "../support/test.ts";

describe("a worker on an embedded database, which has one connection", () => {
  test("handles several shards of several consumers, with transactions and without", async () => {
    const logger = collect();
    await using store = await openEventStore({ logger });
    await store.query("create table effects (position bigint primary key)");
    const seen: number[] = [];
    const writing = defineConsumer({
      name: "writing",
      shards: 4,
      retry: { attempts: 2, minDelayMs: 1 },
      async handle({ type, position, streamId }, context) {
        await context.query("insert into effects values ($1)", [position]);
        if (type === "CartConfirmed") throw new Error("no");
        if (streamId.startsWith("cart")) await context.appendToStream(`echo-${position}`, [{ type: "Echoed", data: {} }]);
      },
    });
    const calling = defineConsumer({
      name: "calling",
      shards: 2,
      filter: { categories: ["cart"] },
      async handle({ position, streamId }) {
        // Through the store, beside whatever transaction.
        expect((await store.streamInfo(streamId)).exists).toBe(true);
        seen.push(position);
      },
    });
    for (let n = 0; n < 5; n++) await store.appendToStream(`cart-${n}`, [itemAdded(), itemAdded()]);
    await store.appendToStream("cart-0", [confirmed]);
    // Where a lease ends on a busy machine, events are handled again that were handled without a transaction.
    await using worker = store.createWorker({ consumers: [writing, calling], leaseMs: 60_000 });
    await worker.start();
    await worker.caughtUp();
    expect(seen).toHaveLength(11);
    // Its one session proves nothing about who lives: only leases count.
    const { rows: workers } = await store.query("select distinct liveness_lock from tidemark.consumer_workers");
    expect(workers).toEqual([{ liveness_lock: null }]);
    await eventually(async () => {
      await worker.caughtUp();
      const { rows } = await store.query("select count(*)::int as count from effects");
      expect(rows).toEqual([{ count: 20 }]);
    });
    expect(await store.deadLetters.list()).toMatchObject([{ consumer: "writing", error: { message: "no" } }]);
    await worker.stop();
    expect((await store.consumers.list()).map(({ name, state, lag }) => ({ name, state, events: lag.events }))).toEqual([
      { name: "calling", state: "stopped", events: 0 },
      { name: "writing", state: "stopped", events: 0 },
    ]);
    expect(logger.lines.filter((line) => line.startsWith("error"))).toEqual([expect.stringContaining("could not handle")]);
  });

  test("keeps its shards although a handler's transaction is longer than a lease", async () => {
    await using store = await openEventStore();
    await store.appendToStream("cart-1", [itemAdded(), itemAdded()]);
    const fences: number[] = [];
    await using worker = store.createWorker({
      leaseMs: 500,
      consumers: [
        defineConsumer({
          name: "slow",
          async handle({ version }, context) {
            await context.query("select 1");
            // Its heartbeats wait for the one connection meanwhile.
            if (version === 1 && context.fence === 1) await new Promise((resolve) => setTimeout(resolve, 700));
            fences.push(context.fence);
          },
        }),
      ],
    });
    await worker.start();
    await worker.caughtUp();
    // Heartbeats wait for the transaction; the lease may have run out, and then it was taken again.
    expect(fences.length).toBeGreaterThanOrEqual(2);
    expect(await store.deadLetters.list()).toEqual([]);
    expect(await store.consumers.get("slow")).toMatchObject({ lag: { events: 0 } });
  });

  test("refuses the store where a handler's transaction has the one connection, rather than wait for it", async () => {
    const logger = collect();
    await using store = await openEventStore({ logger });
    await store.appendToStream("cart-1", [itemAdded()]);
    const refused: unknown[] = [];
    await using worker = store.createWorker({
      consumers: [
        defineConsumer({
          name: "both",
          async handle(_event, context) {
            await store.streamInfo("cart-1");
            await context.query("select 1");
            for (const use of [
              () => store.streamInfo("cart-1"),
              () => store.appendToStream("cart-2", [itemAdded()]),
              () => store.transaction(async () => {}),
            ]) {
              await use().catch((error: unknown) => refused.push(error));
            }
            await context.appendToStream("cart-2", [itemAdded()]);
          },
          filter: { streamIds: ["cart-1"] },
        }),
      ],
    });
    await worker.start();
    await worker.caughtUp();
    const refusal = expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining("`context` in a handler") });
    expect(refused).toEqual([refusal, refusal, refusal]);
    expect(await store.streamInfo("cart-2")).toMatchObject({ version: 1 });
  });
});

describe("a handler on an embedded database that ends its transaction", () => {
  test("fails alone, and what others wrote stands once", async () => {
    await using store = await openEventStore({ logger: collect() });
    await store.query("create table effects (position bigint primary key, refers bigint references effects (position) deferrable initially deferred)");
    const scripts: Record<number, string> = { 2: "rollback", 4: "commit", 6: "rollback and chain", 8: "insert into effects values (-1, -2)" };
    await store.appendToStream(
      "cart-1",
      Array.from({ length: 9 }, () => itemAdded()),
    );
    await using worker = store.createWorker({
      onError: () => {},
      consumers: [
        defineConsumer({
          name: "c",
          retry: { attempts: 1 },
          onFailure: "skip",
          async handle({ position, version }, context) {
            await context.query("insert into effects values ($1)", [position]);
            const script = scripts[version];
            if (script !== undefined) await context.query(script);
          },
        }),
      ],
    });
    await worker.start();
    await worker.caughtUp();
    const { rows } = await store.query<{ position: number }>("select position::int as position from effects order by position");
    expect(rows.map(({ position }) => position)).toEqual([1, 3, 5, 7, 9]);
    expect((await store.deadLetters.list()).map(({ position, error }) => [position, error?.code])).toEqual([
      [2, "TRANSACTION_ENDED"],
      [4, "TRANSACTION_ENDED"],
      [6, "TRANSACTION_ENDED"],
      [8, "DATABASE"],
    ]);
  });
});
