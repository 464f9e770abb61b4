import pg from "pg";
import { confirmed, itemAdded } from "../support/cart.ts";
import { describe, expect } from "../support/test.ts";
import { drivers } from "../contract/drivers.ts";
import { cartSummary, documentsIn, popularity } from "./carts.ts";
import { defineProjection, documentProjection, type RecordedEvent } from "../../src/index.ts";

const boom = new Error("boom");

/** Counts events of a stream, and throws at those whose data says so. */
const fragile = documentProjection<{ readonly n: number }>({
  name: "fragile",
  mode: "inline",
  collection: "fragile",
  handles: ["Counted"],
  documentId: ({ streamId }) => streamId,
  evolve: (document, { data }) => {
    if (data === "boom") throw boom;
    return { n: (document?.n ?? 0) + 1 };
  },
});

describe.for(drivers)("an inline document projection on $driver", ({ test }) => {
  test("is there when the append returns, however it was made", async ({ open, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const store = await open({ projections: [cartSummary("inline"), popularity("inline")] });
    await store.appendToStream("cart-1", [itemAdded("tea", 2, 3)]);
    expect(await documentsIn(store, at, "cart-summary")).toEqual({ "cart-1": { items: 2, total: 6, confirmed: false } });
    await store.appendToStreams([
      { streamId: "cart-1", events: [confirmed] },
      { streamId: "cart-2", events: [itemAdded("tea", 1, 3), itemAdded("cake", 1, 4)] },
    ]);
    await Promise.all(Array.from({ length: 20 }, (_, n) => store.appendToStream(`cart-${n % 4}`, [itemAdded("cake", 1, 1)])));
    await store.transaction(async (tx) => {
      await tx.appendToStream("cart-3", [itemAdded("tea", 1, 1)]);
      await tx.appendToStream("cart-3", [itemAdded("tea", 1, 1)]);
    });
    expect(await documentsIn(store, at, "cart-summary")).toEqual({
      "cart-0": { items: 5, total: 5, confirmed: false },
      "cart-1": { items: 7, total: 11, confirmed: true },
      "cart-2": { items: 7, total: 12, confirmed: false },
      "cart-3": { items: 7, total: 7, confirmed: false },
    });
    expect(await documentsIn(store, at, "popularity")).toEqual({ tea: { added: 5 }, cake: { added: 21 } });
  });

  test("that throws fails its append alone, in one transaction with others", async ({ open, schema }) => {
    const store = await open({ projections: [fragile] });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 9 }, (_, n) => store.appendToStream(`s-${n}`, [{ type: "Counted", data: n % 4 === 3 ? "boom" : n }])),
    );
    const refused = { status: "rejected", reason: { code: "PROJECTION_FAILED", projection: "fragile", type: "Counted", cause: boom } };
    expect(outcomes.map((outcome, n) => [n, outcome])).toMatchObject(Array.from({ length: 9 }, (_, n) => [n, n % 4 === 3 ? refused : { status: "fulfilled" }]));
    expect(Object.keys(await documentsIn(store, pg.escapeIdentifier(schema), "fragile"))).toEqual(["s-0", "s-1", "s-2", "s-4", "s-5", "s-6", "s-8"]);
    expect((await store.streamInfo("s-3")).exists).toBe(false);
  });

  test("that throws in a transaction of the user's undoes its append alone", async ({ open, schema }) => {
    const store = await open({ projections: [fragile] });
    await store.transaction(async (tx) => {
      await tx.appendToStream("s-1", [{ type: "Counted", data: 1 }]);
      await expect(tx.appendToStream("s-1", [{ type: "Counted", data: "boom" }])).rejects.toMatchObject({ code: "PROJECTION_FAILED" });
      await tx.appendToStream("s-1", [{ type: "Counted", data: 2 }]);
    });
    expect(await documentsIn(store, pg.escapeIdentifier(schema), "fragile")).toEqual({ "s-1": { n: 2 } });
    expect((await store.streamInfo("s-1")).version).toBe(2);
  });

  test("is rolled back with a transaction of the user's, and is not written by a conflict or a retry", async ({ open, schema }) => {
    const at = pg.escapeIdentifier(schema);
    const store = await open({ projections: [cartSummary("inline")] });
    await expect(
      store.transaction(async (tx) => {
        await tx.appendToStream("cart-1", [itemAdded()]);
        throw boom;
      }),
    ).rejects.toBe(boom);
    await expect(store.appendToStream("cart-1", [itemAdded()], { expectedVersion: 3 })).rejects.toMatchObject({ code: "VERSION_CONFLICT" });
    expect(await documentsIn(store, at, "cart-summary")).toEqual({});
    const event = { ...itemAdded("tea", 1, 2), id: "0191d1a0-0000-7000-8000-000000000001" };
    const first = await store.appendToStream("cart-1", [event]);
    expect(await store.appendToStream("cart-1", [event])).toEqual(first);
    expect(await documentsIn(store, at, "cart-summary")).toEqual({ "cart-1": { items: 1, total: 2, confirmed: false } });
  });

  test("gets events as they are read later, and tenants apart", async ({ open, schema }) => {
    const seen: unknown[] = [];
    const spy = documentProjection<object>({
      name: "spy",
      mode: "inline",
      collection: "spy",
      handles: ["ItemAdded"],
      documentId: ({ streamId }) => streamId,
      evolve: (_document, event) => {
        seen.push({ ...event });
        return {};
      },
    });
    const store = await open({ projections: [spy] });
    const acme = store.forTenant("acme");
    await acme.appendToStream("cart-1", [confirmed, { ...itemAdded(), tags: ["a", "b"], metadata: { actorId: "ann" } }]);
    await store.appendToStream("cart-1", [itemAdded()]);
    expect(seen).toEqual([(await acme.readStream("cart-1").toArray())[1], ...(await store.readStream("cart-1").toArray())]);
    expect(Object.keys(await documentsIn(store, pg.escapeIdentifier(schema), "spy"))).toEqual(["cart-1", "acme/cart-1"]);
  });

  test("may copy the event, in documentId without what it does not have yet", async ({ open, schema }) => {
    const copies: object[] = [];
    const copying = documentProjection<object>({
      name: "copying",
      mode: "inline",
      collection: "copying",
      handles: ["A"],
      documentId: (event) => {
        const { version, position, recordedAt, ...rest } = event;
        copies.push({ ...event }, structuredClone(event), JSON.parse(JSON.stringify(event)), rest, { version, position, recordedAt });
        return { ...event }.streamId;
      },
      evolve: (_document, event) => ({ ...event, recordedAt: { ...event }.recordedAt.toISOString() }),
    });
    const store = await open({ projections: [copying] });
    await store.forTenant("acme").appendToStream("a-1", [{ type: "A", data: { n: 1 }, tags: ["t"], metadata: { actorId: "ada" } }]);
    const { version, position, recordedAt, ...known } = (await store.forTenant("acme").readStream("a-1").toArray())[0] ?? {};
    const none = { version: undefined, position: undefined, recordedAt: undefined };
    expect(copies.slice(0, 5)).toStrictEqual([known, known, known, known, none]);
    const document = { ...known, version, position, recordedAt: recordedAt?.toISOString() };
    expect(await documentsIn(store, pg.escapeIdentifier(schema), "copying")).toEqual({ "acme/a-1": document });
    await store.transaction((tx) => tx.appendToStream("a-2", [{ type: "A", data: 2 }]));
    expect(Object.keys(await documentsIn(store, pg.escapeIdentifier(schema), "copying"))).toEqual(["a-2", "acme/a-1"]);
  });

  test.for<[string, (event: RecordedEvent) => string | null]>([
    ["position", ({ position }) => `${position}`],
    ["version", ({ version, streamId }) => (version === 1 ? streamId : null)],
    ["recordedAt", ({ recordedAt }) => recordedAt.toISOString()],
  ])("may not let documentId depend on the %s, which the event has only once it is written", async ([field, documentId], { open }) => {
    const early = documentProjection<object>({
      name: "early",
      mode: "inline",
      collection: "early",
      handles: ["A"],
      documentId,
      evolve: () => ({}),
    });
    const store = await open({ projections: [early] });
    const refused = { code: "PROJECTION_FAILED", message: expect.stringContaining(`used the event's ${field}, which it has only once it is written`) };
    await expect(store.appendToStream("a", [{ type: "A", data: 1 }])).rejects.toMatchObject(refused);
    await store.transaction((tx) => expect(tx.appendToStream("a", [{ type: "A", data: 1 }])).rejects.toMatchObject(refused));
    expect(await store.readAll().toArray()).toEqual([]);
  });

  test("is brought up to date with what was appended before it was registered", async ({ open, schema }) => {
    const before = await open();
    await before.appendToStream("cart-1", [itemAdded("tea", 2, 3), confirmed]);
    const store = await open({ projections: [cartSummary("inline")] });
    await store.appendToStream("cart-1", [itemAdded("tea", 1, 3)]);
    expect(await documentsIn(store, pg.escapeIdentifier(schema), "cart-summary")).toEqual({ "cart-1": { items: 3, total: 9, confirmed: true } });
  });
});

describe.for(drivers)("an inline projection with SQL of your own on $driver", ({ test }) => {
  test.for([true, false])("writes in the transaction of the append, which fails alone where it throws (in batches: %s)", async (inBatches, { open }) => {
    const insert = "insert into public.sold (position, sku) values ($1, $2)";
    const common = {
      name: "sold",
      mode: "inline",
      handles: ["Sold"],
      setup: async (tx) => void (await tx.query("create table public.sold (position bigint primary key, sku text check (sku <> 'bad'))")),
    } as const satisfies Partial<Parameters<typeof defineProjection>[0]>;
    const sold = inBatches
      ? defineProjection({
          ...common,
          handleBatch: async (events, tx) => {
            for (const { position, data } of events) await tx.query(insert, [position, data]);
          },
        })
      : defineProjection({ ...common, handle: async ({ position, data }, tx) => void (await tx.query(insert, [position, data])) });
    const store = await open({ projections: [sold] });
    const outcomes = await Promise.allSettled(["tea", "bad", "cake"].map((data, n) => store.appendToStream(`s-${n}`, [{ type: "Sold", data }])));
    expect(outcomes).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { code: "PROJECTION_FAILED", cause: { sqlState: "23514" } } },
      { status: "fulfilled" },
    ]);
    expect((await store.query("select sku from public.sold order by sku")).rows).toEqual([{ sku: "cake" }, { sku: "tea" }]);
    await store.query("drop table public.sold");
  });

  test("may neither append nor set timers", async ({ open }) => {
    const recursive = defineProjection({
      name: "recursive",
      mode: "inline",
      handles: ["A"],
      handle: async (_event, tx) => void (await tx.appendToStream("b", [{ type: "A", data: 1 }])),
    });
    const store = await open({ projections: [recursive] });
    await expect(store.appendToStream("a", [{ type: "A", data: 1 }])).rejects.toThrow(
      "runs inside an append and may neither append, nor publish, nor set timers",
    );
  });
});
