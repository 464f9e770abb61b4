import { pongoClient } from "@event-driven-io/pongo";
import { pgDriver } from "@event-driven-io/pongo/pg";
import { CollectionTable } from "../../src/documents/collection-table.ts";
import { createCollections, makeLive } from "../../src/documents/create-collections.ts";
import { encodeDocument } from "../../src/documents/encode-document.ts";
import { describe, expect, test as base } from "./test.ts";

/** A type and no interface, as Pongo's documents must be. */
type Cart = { readonly _id?: string; readonly status: string; readonly total: number; readonly customer: { readonly city: string } };

const carts = { collection: "carts", version: 1 };

/** Pongo names collections alone, so it must find the store's schema by the search_path. */
const test = base
  .extend("schema", ({ task }) => `pongo_${task.id.replaceAll(/\W/g, "_")}`)
  .extend("url", ({ databaseUrl, schema }) => {
    const url = new URL(databaseUrl);
    url.searchParams.set("options", `-c search_path=${schema}`);
    return url.href;
  })
  .extend("put", async ({ database, schema }) => {
    await createCollections(database, schema, [carts]);
    return (id: string, cart: Cart, tenant = "", version = 1): Promise<void> =>
      new CollectionTable(schema, { ...carts, version }).write(database, [{ tenant, id, data: encodeDocument(id, cart, "document") }]);
  });

describe("the Pongo client", () => {
  test.for(["None", "CreateOrUpdate"] as const)("finds the documents of a projection, with its schema migration %s", async (autoMigration, { put, url }) => {
    await put("cart-1", { status: "open", total: 9, customer: { city: "Pisa" } });
    await put("cart-1", { status: "open", total: 10, customer: { city: "Pisa" } });
    await put("cart-2", { status: "closed", total: 3, customer: { city: "Lucca" } });
    const client = pongoClient({ driver: pgDriver, connectionString: url, schema: { autoMigration } });
    try {
      const collection = client.db().collection<Cart>("carts");
      const first = { _id: "cart-1", _version: 2n, status: "open", total: 10, customer: { city: "Pisa" } };
      expect(await collection.findOne({ _id: "cart-1" })).toEqual(first);
      expect(await collection.findOne({ customer: { city: "Pisa" } })).toEqual(first);
      expect((await collection.find({ status: "closed" })).map(({ _id }) => _id)).toEqual(["cart-2"]);
      expect((await collection.find({}, { sort: { total: -1 } })).map(({ _id }) => _id)).toEqual(["cart-1", "cart-2"]);
      expect(await collection.find()).toHaveLength(2);
      expect(await collection.findOne({ _id: "cart-3" })).toBeNull();
    } finally {
      await client.close();
    }
  });

  test("follows the live version, and sees every tenant", async ({ put, url, database, schema }) => {
    const next = { ...carts, version: 2 };
    await createCollections(database, schema, [carts, next]);
    await put("cart-1", { status: "old", total: 1, customer: { city: "Pisa" } });
    await put("cart-1", { status: "new", total: 1, customer: { city: "Pisa" } }, "", 2);
    await put("cart-9", { status: "new", total: 9, customer: { city: "Pisa" } }, "acme", 2);
    const client = pongoClient({ driver: pgDriver, connectionString: url, schema: { autoMigration: "None" } });
    try {
      const collection = client.db().collection<Cart>("carts");
      expect((await collection.findOne({ _id: "cart-1" }))?.status).toBe("old");
      await database.transaction((session) => makeLive(session, schema, next));
      expect((await collection.findOne({ _id: "cart-1" }))?.status).toBe("new");
      expect(await collection.find()).toHaveLength(2);
    } finally {
      await client.close();
    }
  });

  test("cannot write: documents of other tenants would change, or all be deleted", async ({ put, url, database, schema }) => {
    const open = { status: "open", total: 1, customer: { city: "Pisa" } };
    await put("cart-1", open);
    await put("cart-1", open, "acme");
    const client = pongoClient({ driver: pgDriver, connectionString: url, schema: { autoMigration: "None" } });
    try {
      const collection = client.db().collection<Cart>("carts");
      const writes: readonly (() => Promise<unknown>)[] = [
        () => collection.updateOne({ _id: "cart-1" }, { $set: { total: 9 } }),
        () => collection.updateMany({}, { $set: { total: 9 } }),
        () => collection.replaceOne({ _id: "cart-1" }, { ...open, total: 9 }),
        () => collection.deleteOne({ _id: "cart-1" }),
        () => collection.deleteMany({}),
        () => database.userQuery(`insert into ${schema}.carts (_id, data) values ('cart-2', '{}')`, []),
      ];
      for (const write of writes) await expect(write()).rejects.toThrow("its documents are made of events");
      // PostgreSQL refuses its ON CONFLICT before any trigger runs.
      await expect(collection.insertOne({ _id: "cart-2", ...open })).rejects.toThrow();
      expect(await collection.find()).toEqual([expect.objectContaining({ total: 1 }), expect.objectContaining({ total: 1 })]);
    } finally {
      await client.close();
    }
    await createCollections(database, schema, [{ ...carts, version: 2 }]);
    await database.transaction((session) => makeLive(session, schema, { ...carts, version: 2 }));
    await put("cart-2", open, "", 2);
    await expect(database.userQuery(`delete from ${schema}.carts`, [])).rejects.toMatchObject({ sqlState: "TM004" });
  });
});
