import pg from "pg";
import { defineConsumer, type TidemarkError } from "tidemark";
import { cartSummary } from "../projections/carts.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, test } from "../runtime/test.ts";

/** What the follower of the projection "x", version 1, could be taken for. */
const name = "projection x v1";

describe.for(["async", "inline"] as const)("a consumer whose name is like a projection's, beside an %s one", (mode) => {
  test("has its own checkpoint, pause and name", async ({ openStore, sql, schema }) => {
    const projection = cartSummary(mode, { name: "x" });
    const store = await openStore({ projections: [projection] });
    const seen: number[] = [];
    await using worker = store.createWorker({
      consumers: [defineConsumer({ name, handle: ({ position }) => void seen.push(position) })],
      onError: () => {},
    });
    await store.appendToStream("cart-1", [itemAdded()]);
    await worker.start();
    await worker.caughtUp();
    expect(seen).toEqual([1]);
    expect(await store.consumers.list()).toMatchObject([{ name, shards: [{ position: 1 }] }]);
    expect(await store.projections.list()).toMatchObject([{ name: "x", version: 1 }]);

    await store.projections.pause("x");
    expect(await store.consumers.get(name)).toMatchObject({ paused: false });
    await store.projections.resume("x");
    await store.consumers.pause(name);
    await store.appendToStream("cart-1", [itemAdded()]);
    await eventually(async () => expect(await store.projections.get("x")).toMatchObject({ state: "live", position: 2 }));
    expect(await store.consumers.get(name)).toMatchObject({ paused: true, shards: [{ position: 1 }] });

    await store.consumers.rename(name, "y");
    await store.consumers.reset("y", { after: 0 });
    expect((await store.consumers.list()).map((consumer) => consumer.name)).toEqual(["y"]);
    expect(await store.projections.get("x")).toMatchObject({ state: "live", position: 2 });
    const { rows } = await sql.query(`select kind, owner_name, owner_version from ${pg.escapeIdentifier(schema)}.consumers order by kind`);
    expect(rows).toEqual([
      { kind: "consumer", owner_name: null, owner_version: null },
      { kind: "projection", owner_name: "x", owner_version: 1 },
    ]);
  });
});

test("errors name a projection as its user did", async ({ openStore }) => {
  const store = await openStore({ projections: [cartSummary("async", { name: "x" })] });
  const errors: TidemarkError[] = [];
  await using worker = store.createWorker({ onError: (error) => void errors.push(error) });
  await store.appendToStream("cart-1", [{ type: "ItemAdded", data: null }]);
  await worker.start();
  await eventually(() => expect(errors).toMatchObject([{ code: "HANDLER_FAILED", consumer: "x" }]));
  expect(errors[0]?.message).toContain('Shard 0 of "x" could not handle the event at position 1');
});
