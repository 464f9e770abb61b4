import { defineConsumer, documentProjection, type Event } from "../../src/index.ts";
import { describe, expect } from "../support/test.ts";
import { drivers } from "./drivers.ts";

type CartEvent = Event<"ItemAdded", { readonly price: number; readonly city: string }> | Event<"CartConfirmed", { readonly at: string }>;

interface Cart {
  readonly total: number;
  readonly status: "open" | "confirmed";
  readonly customer: { readonly city: string };
}

const definition = {
  name: "carts",
  mode: "inline",
  collection: "carts",
  documentId: (event: { readonly streamId: string }) => event.streamId,
  evolve: {
    ItemAdded: (cart: Cart | undefined, { data }: { readonly data: { readonly price: number; readonly city: string } }): Cart => ({
      status: "open",
      total: (cart?.total ?? 0) + data.price,
      customer: { city: data.city },
    }),
    CartConfirmed: (cart: Cart | undefined): Cart => ({ total: 0, customer: { city: "" }, ...cart, status: "confirmed" }),
  },
} as const;
const carts = documentProjection<Cart, CartEvent>(definition);

const added = (price: number, city = "Pisa") => ({ type: "ItemAdded", data: { price, city } }) as const;

describe.for(drivers)("documents of a store on $driver", ({ test }) => {
  test("are found as soon as the append has returned", async ({ open }) => {
    const store = await open({ projections: [carts] });
    await store.appendToStream<CartEvent>("cart-1", [added(9), added(2)]);
    await store.appendToStream<CartEvent>("cart-2", [added(10, "Lucca"), { type: "CartConfirmed", data: { at: "2026-11-20" } }]);
    const found = store.documents(carts);
    expect(await found.get("cart-1")).toEqual({ _id: "cart-1", _version: expect.any(Number), status: "open", total: 11, customer: { city: "Pisa" } });
    expect((await found.find({ where: { total: { gte: 9.5 } }, orderBy: { total: "desc" } })).map(({ _id }) => _id)).toEqual(["cart-1", "cart-2"]);
    expect(await found.count({ where: { "customer.city": "Lucca", status: { ne: "open" } } })).toBe(1);
    expect((await store.documents<Cart>("carts").first({ orderBy: { "customer.city": "asc" } }))?._id).toBe("cart-2");
  });

  test("are seen in a transaction as it has changed them, and outside after its commit", async ({ open }) => {
    const store = await open({ projections: [carts] });
    await store.appendToStream<CartEvent>("cart-1", [added(1)]);
    const totals: unknown[] = [];
    await store.transaction(async (tx) => {
      await tx.appendToStream<CartEvent>("cart-1", [added(2)]);
      totals.push((await tx.documents(carts).get("cart-1"))?.total, (await tx.documents<Cart>("carts").find())[0]?.total);
    });
    expect(totals).toEqual([3, 3]);
    await store
      .transaction(async (tx) => {
        await tx.appendToStream<CartEvent>("cart-1", [added(4)]);
        throw new Error("no");
      })
      .catch(() => {});
    expect((await store.documents(carts).get("cart-1"))?.total).toBe(3);
  });

  test("of two tenants share a collection and nothing else", async ({ open }) => {
    const store = await open({ projections: [carts] });
    const [acme, globex] = [store.forTenant("acme"), store.forTenant("globex")];
    await acme.appendToStream<CartEvent>("cart-1", [added(1)]);
    await globex.appendToStream<CartEvent>("cart-1", [added(2)]);
    await globex.appendToStream<CartEvent>("cart-2", [added(3)]);
    expect((await acme.documents(carts).find()).map(({ total }) => total)).toEqual([1]);
    expect((await globex.documents<Cart>("carts").find()).map(({ total }) => total)).toEqual([2, 3]);
    expect(await acme.documents(carts).get("cart-2")).toBeUndefined();
    expect(await acme.transaction((tx) => tx.documents(carts).count())).toBe(1);
    expect(await store.documents(carts).count()).toBe(0);
  });

  test("are read in a handler, in its transaction", async ({ open }) => {
    const store = await open({ projections: [carts] });
    await store.appendToStream<CartEvent>("cart-1", [added(1)]);
    const seen: unknown[] = [];
    const consumer = defineConsumer<CartEvent>({
      name: "reader",
      handle: async (event, context) => {
        seen.push((await context.documents(carts).get(event.streamId))?.total, await context.documents<Cart>("carts").count());
      },
    });
    const worker = store.createWorker({ consumers: [consumer], projections: [] });
    await worker.start();
    await worker.caughtUp();
    await worker.stop();
    expect(seen).toEqual([1, 1]);
  });

  test("get the indexes that their projection declares, when it is new and when it is known", async ({ open, schema }) => {
    const indexed = documentProjection<Cart, CartEvent>({ ...definition, indexes: [{ path: "customer.city" }, { paths: ["status", "total"] }] });
    const store = await open({ projections: [carts] });
    const names = async (): Promise<number> =>
      (await store.query("select 1 from pg_indexes where schemaname = $1 and tablename = 'carts__v1'", [schema])).rows.length;
    expect(await names()).toBe(1);
    await open({ projections: [indexed] });
    expect(await names()).toBe(3);
    await open({ projections: [indexed] });
    expect(await names()).toBe(3);
  });

  test("have no index that is none", () => {
    const wrong = { ...definition, indexes: [{ path: "total", uniqe: true }] } as const;
    expect(() => documentProjection<Cart, CartEvent>(wrong)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", path: "definition.indexes[0].uniqe", message: expect.stringContaining(`did you mean "unique"?`) }),
    );
  });

  test("of a projection that no store was opened with are an error", async ({ open }) => {
    const store = await open();
    await expect(store.documents(carts).find()).rejects.toMatchObject({ code: "NOT_FOUND", kind: "collection", key: "carts" });
  });
});
