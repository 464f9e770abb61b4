import type { CollectionTable as Table, DocumentWrite } from "../../src/documents/collection-table.ts";
import { CollectionTable } from "../../src/documents/collection-table.ts";
import { createCollections, makeLive } from "../../src/documents/create-collections.ts";
import { encodeDocument } from "../../src/documents/encode-document.ts";
import { describe, drivers, expect } from "./test.ts";

function put(id: string, document: object, tenant = ""): DocumentWrite {
  return { tenant, id, data: encodeDocument(id, document, "document") };
}

function keysOf(...ids: string[]): { tenant: string; id: string }[] {
  return ids.map((id) => ({ tenant: "", id }));
}

const carts = { collection: "carts", version: 1 };

describe.for(drivers)("a collection on $driver", ({ test }) => {
  const withTable = test.extend("table", async ({ database, schema }): Promise<Table> => {
    await createCollections(database, schema, [carts]);
    return new CollectionTable(schema, carts);
  });

  withTable("gives back the documents that were written, and nothing for other keys", async ({ database, table }) => {
    await table.write(database, [put("a", { total: 1, lines: [{ sku: "tea" }], note: `it's "x"\n` }), put("b", {}), put("c", { of: "acme" }, "acme")]);
    expect(await table.load(database, [...keysOf("a", "b", "c", "a"), { tenant: "acme", id: "c" }])).toEqual([
      { tenant: "", id: "a", version: 1, document: { total: 1, lines: [{ sku: "tea" }], note: `it's "x"\n` } },
      { tenant: "", id: "b", version: 1, document: {} },
      { tenant: "acme", id: "c", version: 1, document: { of: "acme" } },
    ]);
    expect(await table.load(database, [])).toEqual([]);
  });

  withTable("inserts, updates and deletes in one statement, and counts versions", async ({ database, table, q }) => {
    await table.write(database, [put("a", { n: 1 }), put("b", { n: 1 })]);
    const { rows: before } = await database.userQuery<{ _updated: Date; _created: Date }>(`select _created, _updated from ${q}.carts__v1 where _id = 'a'`, []);
    await table.write(database, [put("a", { n: 2 }), { tenant: "", id: "b", data: null }, { tenant: "", id: "none", data: null }, put("c", { n: 1 })]);
    expect(await table.load(database, keysOf("a", "b", "c"))).toEqual([
      { tenant: "", id: "a", version: 2, document: { n: 2 } },
      { tenant: "", id: "c", version: 1, document: { n: 1 } },
    ]);
    const { rows: after } = await database.userQuery<{ _updated: Date; _created: Date }>(`select _created, _updated from ${q}.carts__v1 where _id = 'a'`, []);
    expect(after[0]?._created).toEqual(before[0]?._created);
    expect(after[0]?._updated.getTime()).toBeGreaterThanOrEqual(before[0]?._updated.getTime() ?? Number.NaN);
    await table.write(database, [{ tenant: "", id: "a", data: null }]);
    await table.write(database, [put("a", {})]);
    expect(await table.load(database, keysOf("a"))).toMatchObject([{ version: 1 }]);
  });

  withTable("deletes the document of one tenant alone", async ({ database, table }) => {
    await table.write(database, [put("a", {}), put("a", {}, "acme")]);
    await table.write(database, [{ tenant: "acme", id: "a", data: null }]);
    expect(await table.load(database, [...keysOf("a"), { tenant: "acme", id: "a" }])).toMatchObject([{ tenant: "" }]);
  });

  withTable("writes more than a statement takes, and ids that look like SQL", async ({ database, table }) => {
    const ids = [`'; drop table x; --`, `"`, "{}", "a,b", "$1", "\\", "ü\u{1f600}", "null", "__proto__"];
    const large = "x".repeat(6 * 1024 * 1024);
    await table.write(
      database,
      ids.map((id) => put(id, { large: id.length === 1 ? large : id })),
    );
    const loaded = await table.load(database, keysOf(...ids));
    expect(new Set(loaded.map(({ id }) => id))).toEqual(new Set(ids));
    expect(loaded.filter(({ document }) => "large" in document && document.large === large)).toHaveLength(2);
  });

  test("is created once, however often it is asked for", async ({ database, schema, q }) => {
    await createCollections(database, schema, [carts]);
    await new CollectionTable(schema, carts).write(database, [put("a", {})]);
    await createCollections(database, schema, [carts, { collection: "orders", version: 3 }]);
    const { rows } = await database.userQuery(`select _id from ${q}.carts`, []);
    expect(rows).toEqual([{ _id: "a" }]);
    expect((await database.userQuery(`select _id from ${q}.orders`, [])).rows).toEqual([]);
  });

  test("shows the live version until another is made live", async ({ database, schema, q }) => {
    const next = { collection: "carts", version: 2 };
    await createCollections(database, schema, [carts]);
    await createCollections(database, schema, [next]);
    await new CollectionTable(schema, carts).write(database, [put("old", {})]);
    await new CollectionTable(schema, next).write(database, [put("new", {})]);
    const live = async (): Promise<unknown> => (await database.userQuery(`select _id from ${q}.carts`, [])).rows;
    expect(await live()).toEqual([{ _id: "old" }]);
    await database.transaction((session) => makeLive(session, schema, next));
    expect(await live()).toEqual([{ _id: "new" }]);
  });

  test.for(["events", "strange", "strange__v1"])("is not created over a relation %s of another's", async (taken, { database, schema, q }) => {
    if (taken !== "events") await database.userQuery(`create table ${q}.${taken} (_id text)`, []);
    const created = createCollections(database, schema, [{ collection: taken.replace("__v1", ""), version: 1 }]);
    await expect(created).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "collection", message: expect.stringContaining(JSON.stringify(taken)) });
  });
});
