import { CollectionTable } from "../../src/documents/collection-table.ts";
import { createCollections, makeLive } from "../../src/documents/create-collections.ts";
import { DocumentReaders } from "../../src/documents/document-reader.ts";
import { encodeDocument } from "../../src/documents/encode-document.ts";
import type { Documents } from "../../src/documents/types.ts";
import { describe, drivers, expect } from "./test.ts";

interface Cart {
  readonly status: "open" | "closed";
  readonly total: number;
  readonly customer: { readonly city: string };
}

const carts = { collection: "carts", version: 1 };

function cart(status: Cart["status"], total: number, city = "Pisa"): Cart {
  return { status, total, customer: { city } };
}

describe.for(drivers)("documents on $driver", ({ test: onDriver }) => {
  const test = onDriver
    .extend("put", async ({ database, schema }) => {
      await createCollections(database, schema, [carts]);
      return (documents: Readonly<Record<string, Cart>>, { tenant = "", version = 1 } = {}): Promise<void> =>
        new CollectionTable(schema, { ...carts, version }).write(
          database,
          Object.entries(documents).map(([id, document]) => ({ tenant, id, data: encodeDocument(id, document, "document") })),
        );
    })
    .extend(
      "of",
      ({ database, schema }) =>
        (tenant = ""): Documents<Cart> =>
          new DocumentReaders(database, schema, tenant).of<Cart>(carts),
    );

  test("are read by their ids, with the id and the version", async ({ put, of }) => {
    await put({ "cart-1": cart("open", 9), "cart-2": cart("closed", 10) });
    await put({ "cart-2": cart("closed", 11) });
    expect(await of().get("cart-1")).toEqual({ ...cart("open", 9), _id: "cart-1", _version: 1 });
    expect(await of().get("cart-2")).toEqual({ ...cart("closed", 11), _id: "cart-2", _version: 2 });
    expect(await of().get("cart-3")).toBeUndefined();
  });

  test("are read by many ids in the order of the ids, without those that do not exist", async ({ put, of }) => {
    await put({ a: cart("open", 1), b: cart("open", 2), c: cart("open", 3) });
    expect((await of().getMany(["c", "none", "a", "c"])).map(({ _id, total }) => [_id, total])).toEqual([
      ["c", 3],
      ["a", 1],
      ["c", 3],
    ]);
    expect(await of().getMany([])).toEqual([]);
  });

  test("are found, ordered, limited and counted", async ({ put, of }) => {
    await put({ a: cart("open", 9), b: cart("open", 10), c: cart("closed", 100), d: cart("open", 2, "Lucca") });
    const options = { where: { status: "open", "customer.city": { in: ["Pisa"] }, total: { gte: 9 } }, orderBy: { total: "desc" } } as const;
    const ids = (found: readonly { readonly _id: string }[]): string[] => found.map(({ _id }) => _id);
    expect(ids(await of().find(options))).toEqual(["b", "a"]);
    expect(ids(await of().find({ ...options, limit: 1 }))).toEqual(["b"]);
    expect(await of().find({ ...options, limit: 0 })).toEqual([]);
    expect(ids(await of().find())).toEqual(["a", "b", "c", "d"]);
    expect(await of().count({ where: options.where })).toBe(2);
    expect(await of().count()).toBe(4);
    expect((await of().first(options))?._id).toBe("b");
    expect(await of().first({ ...options, limit: 0 })).toBeUndefined();
    expect(await of().first({ where: { total: { lt: 0 } } })).toBeUndefined();
  });

  test("come in pages of a hundred, and the last page says so", async ({ put, of }) => {
    await put(Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`cart-${String(n).padStart(3, "0")}`, cart("open", n % 7)])));
    const first = await of().page();
    expect(first.documents).toHaveLength(100);
    expect(first.next?._id).toBe("cart-099");
    // As it comes back from a browser.
    const after = JSON.parse(JSON.stringify(first.next));
    const second = await of().page({ after });
    expect([second.documents.length, second.documents[0]?._id, second.next]).toEqual([100, "cart-100", undefined]);
  });

  test("are asked and ordered by how often they were written, and by their ids, page by page", async ({ put, of }) => {
    const written = { a: 2, b: 1, c: 3, d: 2, e: 1, f: 12 };
    for (let n = 1; n <= 12; n++) await put(Object.fromEntries(Object.entries(written).flatMap(([id, times]) => (times >= n ? [[id, cart("open", n)]] : []))));
    const ids = (found: readonly { readonly _id: string }[]): string => found.map(({ _id }) => _id).join("");
    for (const [orderBy, expected] of [
      [{ _version: "asc" }, "beadcf"],
      [{ _version: "desc" }, "fcadbe"],
      [{ _version: "asc", _id: "desc" }, "ebdacf"],
      [{ _id: "desc" }, "fedcba"],
    ] as const) {
      let paged = "";
      let page = await of().page({ orderBy, limit: 2 });
      for (;;) {
        paged += ids(page.documents);
        if (!page.next) break;
        page = await of().page({ orderBy, limit: 2, after: page.next });
      }
      expect(paged).toBe(expected);
    }
    expect(ids(await of().find({ where: { _version: 2 } }))).toBe("ad");
    expect(ids(await of().find({ where: { _version: { gt: 2 }, _id: { in: ["a", "c"] } } }))).toBe("c");
    expect(await of().count({ where: { NOT: { _version: { in: [1, 12] } } } })).toBe(3);
    expect(await of().count({ where: { _version: { exists: true } } })).toBe(6);
  });

  test("are none on a page of none", async ({ put, of }) => {
    await put({ a: cart("open", 1) });
    expect(await of().page({ limit: 0 })).toEqual({ documents: [], next: undefined });
  });

  test("are those of one tenant alone, whatever is asked", async ({ put, of }) => {
    await put({ shared: cart("open", 1), own: cart("open", 2) });
    await put({ shared: cart("closed", 3), theirs: cart("open", 4) }, { tenant: "acme" });
    const acme = of("acme");
    expect((await acme.get("shared"))?.total).toBe(3);
    expect(await acme.get("own")).toBeUndefined();
    expect((await acme.getMany(["own", "shared", "theirs"])).map(({ total }) => total)).toEqual([3, 4]);
    const all = { where: { OR: [{ total: { gte: 0 } }, { NOT: { total: 1 } }] } } as const;
    expect((await acme.find(all)).map(({ total }) => total)).toEqual([3, 4]);
    expect(await acme.count(all)).toBe(2);
    expect((await of().find(all)).map(({ total }) => total)).toEqual([2, 1]);
    const [before] = await of().find(all);
    expect((await acme.page({ orderBy: { total: "desc" }, ...(before && { after: before }) })).documents).toEqual([]);
    expect(await of("other").count()).toBe(0);
  });

  test("of a projection are its own version's, of a name the live ones", async ({ put, database, schema }) => {
    const readers = new DocumentReaders(database, schema, "");
    const next = { ...carts, version: 2 };
    await createCollections(database, schema, [next]);
    await put({ a: cart("open", 1) });
    await put({ a: cart("open", 2) }, { version: 2 });
    const totals = async (): Promise<unknown[]> => [
      (await readers.of<Cart>(carts).get("a"))?.total,
      (await readers.of<Cart>(next).get("a"))?.total,
      (await readers.of<Cart>("carts").get("a"))?.total,
      (await readers.of<Cart>("carts").find())[0]?.total,
      (await readers.of<Cart>("carts").getMany(["a"]))[0]?.total,
    ];
    expect(await totals()).toEqual([1, 2, 1, 1, 1]);
    await database.transaction((session) => makeLive(session, schema, next));
    expect(await totals()).toEqual([1, 2, 2, 2, 2]);
  });

  test("keep what looks like SQL apart from it", async ({ put, of, database, q }) => {
    await put({ a: cart("open", 1, `'); delete from ${q}.carts__v1; --`) });
    const nasty = [`a' or true --`, `a"b`, "$1", "a'::text)--", "__proto__", "constructor", "x\n;"];
    for (const key of nasty) {
      const where = Object.fromEntries([[key, "x"]]);
      expect(await of().find({ where })).toEqual([]);
      expect(await of().find({ where: { NOT: where }, orderBy: Object.fromEntries([[key, "asc"]]) })).toHaveLength(1);
    }
    expect((await of().find({ where: { "customer.city": `'); delete from ${q}.carts__v1; --` } }))[0]?._id).toBe("a");
    expect((await database.userQuery(`select 1 from ${q}.carts__v1`, [])).rows).toHaveLength(1);
  });

  test("of a collection that does not exist are an error that says so", async ({ database, schema }) => {
    const nothing = new DocumentReaders(database, schema, "").of<Cart>("carst");
    for (const read of [() => nothing.get("a"), () => nothing.getMany(["a"]), () => nothing.find(), () => nothing.count()]) {
      await expect(read()).rejects.toMatchObject({ code: "NOT_FOUND", kind: "collection", key: "carst" });
    }
  });
});
