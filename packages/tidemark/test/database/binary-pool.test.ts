import pg from "pg";
import { openEventStore } from "../../src/index.ts";
import { cartSummary } from "../projections/carts.ts";
import { itemAdded } from "../support/cart.ts";
import { expect, test } from "../support/test.ts";

test("a pool that asks for binary results reads and writes as every other", async ({ databaseUrl, schema }) => {
  const settings = { connectionString: databaseUrl, binary: true };
  const pool = new pg.Pool(settings);
  const store = await openEventStore({ pool, schema, projections: [cartSummary("inline")] });
  await store.appendToStream("cart-1", [itemAdded("tea", 2, 3)]);
  await store.transaction(async (tx) => {
    await tx.appendToStream("cart-1", [{ ...itemAdded("tea", 1, 3), tags: ["a", "b"] }], { expectedVersion: 1 });
  });
  const [first, second] = await store.readStream("cart-1").toArray();
  expect(first).toMatchObject({ version: 1, data: { sku: "tea" }, tags: [] });
  expect(second).toMatchObject({ version: 2, tags: ["a", "b"] });
  expect(second?.recordedAt.getTime()).toBeGreaterThan(Date.parse("2026-01-01"));
  expect(await store.documents(cartSummary("inline")).get("cart-1")).toMatchObject({ items: 3, total: 9 });
  expect(await store.highWaterMark()).toBe(second?.position);
  await store.close();
  await pool.end();
});
