import pg from "pg";
import { waitsForLock } from "../schema/gates.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, expect, test } from "../support/test.ts";
import { popularity } from "./carts.ts";
import { holdingUpWrites } from "./holding-up.ts";

const skus = (count: number, name: string) => Array.from({ length: count }, (_, n) => itemAdded(`${name}-${n}`, 1));

/** Advisory locks of the backend that holds most of them. */
async function mostLocks(sql: pg.Pool): Promise<number> {
  const { rows } = await sql.query<{ n: number }>(
    `select count(*)::int as n from pg_locks
      where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
      group by pid order by n desc limit 1`,
  );
  return rows[0]?.n ?? 0;
}

describe("thousands of new documents", () => {
  test("of one append are one lock, and another append that creates one of them waits for it", async ({ openStore, sql, databaseUrl }) => {
    const [store, other] = [await openStore({ projections: [popularity("inline")] }), await openStore({ projections: [popularity("inline")] })];
    const client = new pg.Client(databaseUrl);
    await client.connect();
    await client.query("begin");
    await store.withTransaction(client).appendToStream("cart-1", skus(2_000, "sku"));
    expect(await mostLocks(sql)).toBeLessThan(50);
    const appended = other.appendToStream("cart-2", [itemAdded("sku-7", 10)]);
    await waitsForLock(sql, "lock_absent_documents");
    await client.query("commit");
    await client.end();
    await appended;
    expect(await store.documents<{ added: number }>("popularity").get("sku-7")).toMatchObject({ added: 11 });
    expect(await store.documents("popularity").count()).toBe(2_000);
  });

  test("of ordinary calls at once are written by transactions of some hundred", async ({ openStore, sql, schema }) => {
    const store = await openStore({ projections: [popularity("inline")] });
    await store.appendToStream("cart-0", [itemAdded("tea", 1)]);
    await holdingUpWrites(sql, `${pg.escapeIdentifier(schema)}.popularity__v1`, async (release) => {
      const calls = Array.from({ length: 200 }, (_, n) => store.appendToStream(`cart-${n}`, skus(20, `sku-${n}`)));
      await waitsForLock(sql, "popularity__v1");
      const locks = await mostLocks(sql);
      expect(locks).toBeLessThan(300);
      // Each document has its lock: who creates others beside it waits for nothing.
      expect(locks).toBeGreaterThan(100);
      await release();
      await Promise.all(calls);
    });
    expect(await store.documents("popularity").count()).toBe(4_001);
  });
});
