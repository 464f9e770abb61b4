import pg from "pg";
import { itemAdded } from "../support/cart.ts";
import { fn } from "../support/functions.ts";
import { expect, test } from "../support/test.ts";
import { cartSummary, documentsIn, popularity } from "./carts.ts";

test("an epoch that comes again after a restore, with other projections, is another one", async ({ openStore, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  const store = await openStore({ projections: [popularity("inline"), cartSummary("inline")] });
  await store.appendToStream("cart-1", [itemAdded("tea", 1)]);
  const { rows } = await sql.query<{ epoch: string }>(`select epoch from ${at}.projection_epoch`);
  // The store learns that nobody writes popularity.
  await store.projections.pause("popularity");
  await store.appendToStream("cart-1", [itemAdded("tea", 10)]);
  // The database goes back to the moment before, and somebody else pauses the other one.
  await sql.query(`update ${at}.projections set state = 'live' where name = 'popularity'`);
  await sql.query(`update ${at}.projection_epoch set epoch = $1`, [rows[0]?.epoch]);
  await sql.query(`select ${at}.${fn("change_projection")}('cart-summary', 1, 'paused', null)`);
  await store.appendToStream("cart-1", [itemAdded("tea", 100)]);
  expect(await documentsIn(store, at, "popularity")).toEqual({ tea: { added: 101 } });
});
