import { sql as drizzleSql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { bigint, pgTable, text } from "drizzle-orm/pg-core";
import type pg from "pg";
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from "kysely";
import { defineProjection, type ProjectionTransaction } from "../../src/index.ts";
import { type CartEvent, itemAdded } from "../support/cart.ts";
import { describe, expect, test } from "../support/test.ts";

interface Client {
  query(text: string, values?: readonly unknown[]): Promise<unknown>;
}

function isPgClient(value: unknown): value is pg.Client {
  return isClient(value);
}

function isClient(value: unknown): value is Client {
  return typeof value === "object" && value !== null && "query" in value;
}

const sold = pgTable("sold", { sku: text("sku").primaryKey(), times: bigint("times", { mode: "number" }).notNull() });
const kysely = new Kysely<{ "public.sold": { sku: string; times: number } }>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

/** How each of them counts a sale, inside the projection's transaction. */
const ways: Readonly<Record<string, (sku: string, tx: ProjectionTransaction) => Promise<unknown>>> = {
  Drizzle: async (sku, { client }) => {
    if (!isPgClient(client)) throw new TypeError("no client");
    const db = drizzle({ client });
    await db.execute(drizzleSql`set local search_path = public`);
    await db
      .insert(sold)
      .values({ sku, times: 1 })
      .onConflictDoUpdate({ target: sold.sku, set: { times: drizzleSql`${sold.times} + 1` } });
  },
  Kysely: async (sku, tx) => {
    const query = kysely
      .insertInto("public.sold")
      .values({ sku, times: 1 })
      .onConflict((conflict) => conflict.column("sku").doUpdateSet((now) => ({ times: now("public.sold.times", "+", 1) })))
      .compile();
    await tx.query(query.sql, query.parameters);
  },
  "plain pg": async (sku, { client }) => {
    if (!isClient(client)) throw new TypeError("no client");
    await client.query("insert into public.sold values ($1, 1) on conflict (sku) do update set times = sold.times + 1", [sku]);
  },
};

describe.for(["inline", "async"] as const)("a projection of one's own, %s", (mode) => {
  test.for(Object.keys(ways))("writes with %s in the transaction that it is part of", async (way, { openStore, sql }) => {
    await sql.query("create table public.sold (sku text primary key, times bigint not null)");
    try {
      const projection = defineProjection<CartEvent, "ItemAdded">({
        name: "sold",
        mode,
        handles: ["ItemAdded"],
        handle: async ({ data: { sku } }, tx) => {
          await ways[way]?.(sku, tx);
          if (sku === "bad") throw new Error("no");
        },
      });
      const store = await openStore({ projections: [projection] });
      await store.appendToStream("cart-1", [itemAdded("tea"), itemAdded("cake"), itemAdded("tea")]);
      const bad = store.appendToStream("cart-2", [itemAdded("tea"), itemAdded("bad")]);
      if (mode === "inline") {
        await expect(bad).rejects.toMatchObject({ code: "PROJECTION_FAILED", cause: { message: "no" } });
      } else {
        await bad;
        await using worker = store.createWorker({ onError: () => {} });
        await worker.start();
        await expect(worker.caughtUp()).rejects.toMatchObject({ code: "HANDLER_FAILED" });
      }
      const { rows } = await sql.query("select sku, times::int from public.sold order by sku");
      // Async, everything before the event that failed stands; inline, nothing of its append does.
      expect(rows).toEqual([
        { sku: "cake", times: 1 },
        { sku: "tea", times: mode === "inline" ? 2 : 3 },
      ]);
    } finally {
      await sql.query("drop table public.sold");
    }
  });
});
