import pg from "pg";
import { defineProjection } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { waitsForLock } from "../schema/gates.ts";
import { describe, eventually, expect, test } from "../support/test.ts";
import { documentProjection, type Projection } from "../../src/index.ts";
import { documentsIn, popularity } from "./carts.ts";
import { holdingUpWrites } from "./holding-up.ts";

describe("two appends of two processes that change one document", () => {
  test.for(["creates", "updates"])("lose no update, where it %s it", async (what, { openStore, sql, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const [one, two] = [await openStore({ projections: [popularity("inline")] }), await openStore({ projections: [popularity("inline")] })];
    if (what === "updates") await one.appendToStream("cart-0", [itemAdded("tea", 1)]);
    await holdingUpWrites(sql, `${at}.popularity__v1`, async (release) => {
      const first = one.appendToStream("cart-1", [itemAdded("tea", 10)]);
      await waitsForLock(sql, "popularity__v1");
      const second = two.appendToStream("cart-2", [itemAdded("tea", 100)]);
      await eventually(async () => {
        const { rows } = await sql.query(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()",
        );
        expect(rows.length).toBeGreaterThan(1);
      });
      await release();
      await Promise.all([first, second]);
    });
    expect(await documentsIn(one, at, "popularity")).toEqual({ tea: { added: what === "updates" ? 111 : 110 } });
  });

  test("lose none of many, in any order", async ({ openStore, schema }) => {
    const one = await openStore({ projections: [popularity("inline")] });
    const stores = [one, await openStore({ projections: [popularity("inline")] })];
    await Promise.all(
      stores.flatMap((store, s) =>
        Array.from({ length: 60 }, (_, n) => store.appendToStream(`cart-${s}-${n}`, [itemAdded(`sku-${n % 3}`, 1), itemAdded(`sku-${(n + s) % 4}`, 1)])),
      ),
    );
    const documents = await documentsIn(one, pg.escapeIdentifier(schema), "popularity");
    const total = Object.values(documents).reduce((sum, document) => sum + Number(Reflect.get(document, "added")), 0);
    expect(total).toBe(240);
  });

  test("lock the documents of several projections in one order, whatever that of their events", async ({ openStore, sql, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const counting = (name: string, type: string): Projection =>
      documentProjection<{ readonly n: number }>({
        name,
        mode: "inline",
        collection: name,
        handles: [type],
        documentId: () => "all",
        evolve: (document) => ({ n: (document?.n ?? 0) + 1 }),
      });
    const store = await openStore({ projections: [counting("apples", "Apple"), counting("pears", "Pear")] });
    await store.appendToStream("basket-1", [
      { type: "Apple", data: {} },
      { type: "Pear", data: {} },
    ]);
    const holder = await sql.connect();
    await holder.query(`begin; select from ${at}.apples__v1 for update`);
    const other = store.transaction((tx) =>
      tx.appendToStream("basket-2", [
        { type: "Pear", data: {} },
        { type: "Apple", data: {} },
      ]),
    );
    try {
      await waitsForLock(sql, "apples__v1");
      // It waits with nothing locked that somebody who has the apples could want next.
      await holder.query(`select from ${at}.pears__v1 for update nowait`);
    } finally {
      await holder.query("rollback");
      holder.release();
    }
    await other;
    expect(await store.documents<{ readonly n: number }>("pears").get("all")).toMatchObject({ n: 2 });
  });
});

test("of two stores that open at once, one runs setup, and the other waits for it", async ({ openStore, store, sql, schema }) => {
  void store;
  const at = pg.escapeIdentifier(schema);
  let setups = 0;
  const projection = defineProjection({
    name: "once",
    mode: "async",
    handles: ["ItemAdded"],
    setup: async (tx) => {
      if (++setups === 1) {
        second = openStore({ projections: [projection] });
        await waitsForLock(sql, "register_projection");
      }
      await tx.query(`create table ${at}.once (n int)`);
    },
    handle: () => {},
  });
  let second: Promise<unknown> | undefined;
  await openStore({ projections: [projection] });
  await second;
  expect(setups).toBe(1);
});

test("two transactions that append twice and change the same documents in another order are a ring: one is ended, and can be tried again", async ({
  openStore,
  schema,
}) => {
  const store = await openStore({ projections: [popularity("inline")] });
  await store.appendToStream("cart-0", [itemAdded("mug", 1), itemAdded("tea", 1)]);
  const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const adding = async (me: 0 | 1, first: string, second: string): Promise<void> => {
    await store.transaction(async (tx) => {
      await tx.appendToStream(`cart-${me}1`, [itemAdded(first, 10)]);
      both[me].resolve();
      await both[me === 0 ? 1 : 0].promise;
      await tx.appendToStream(`cart-${me}2`, [itemAdded(second, 10)]);
    });
  };
  const again = [() => adding(0, "tea", "mug"), () => adding(1, "mug", "tea")];
  const outcomes = await Promise.allSettled(again.map((add) => add()));
  const lost = outcomes.findIndex(({ status }) => status === "rejected");
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(outcomes[lost]).toMatchObject({ reason: { code: "DATABASE", sqlState: "40P01", retryable: true } });
  await again[lost]?.();
  expect(await documentsIn(store, pg.escapeIdentifier(schema), "popularity")).toEqual({ mug: { added: 21 }, tea: { added: 21 } });
});
