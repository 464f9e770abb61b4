import fc from "fast-check";
import { categoryOf } from "../../src/model/event.ts";
import { describe, expect, test } from "./log.ts";

const names = [
  "cart",
  "cart!",
  "cart+1",
  "cart-",
  "cart-1",
  "cart-10",
  "cart-2",
  "cart.",
  "cart.1-1",
  "cartoon-1",
  "Cart-1",
  "%-1",
  "_-1",
  "a_b-1",
  "axb-1",
  "\u{10ffff}",
  "\uffff-1",
  "🛒-1",
  "-",
  "-1",
];
const sorted = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

describe("streams", () => {
  test("lists what a plain array would give, for any category, prefix, start and limit, by the bytes of names", async ({ log }) => {
    await log.write(names.map((streamId) => ({ streamId })));
    const anyOptions = fc.record(
      {
        category: fc.constantFrom("cart", "cart.", "", "%", "🛒", "none"),
        prefix: fc.constantFrom("", "cart", "cart-", "cart-1", "a_", "%", "_", "\u{10ffff}", "🛒", "\uffff", "x"),
        after: fc.constantFrom(...names),
        limit: fc.nat(25),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(anyOptions, async (options) => {
        const { category, prefix = "", after, limit = Infinity } = options;
        const found = sorted.filter(
          (name) =>
            (category === undefined || categoryOf(name) === category) &&
            name.startsWith(prefix) &&
            (after === undefined || sorted.indexOf(name) > sorted.indexOf(after)),
        );
        const listed: string[] = [];
        for await (const stream of log.reader().streams(options)) listed.push(stream.streamId);
        expect(listed).toEqual(found.slice(0, limit));
      }),
      { numRuns: 200 },
    );
  });

  test("come in pages, each once", async ({ log }) => {
    await log.write(Array.from({ length: 1_203 }, (_, index) => ({ streamId: `cart-${index}` })));
    const listed: string[] = [];
    for await (const { streamId } of log.reader().streams()) listed.push(streamId);
    expect([listed.length, new Set(listed).size]).toEqual([1_203, 1_203]);
  });

  test("do not exist without events, although an append that only checked them left a row", async ({ log, sql }) => {
    await log.write([{ streamId: "cart-1" }]);
    await sql.query(`insert into ${log.schema}.streams (name) values ('cart-0')`);
    const nothing = { category: "cart", exists: false, version: 0, createdAt: undefined, lastPosition: undefined };
    expect(await log.reader().streamInfo("cart-0")).toEqual({ streamId: "cart-0", ...nothing });
    expect(await log.reader().streamInfo("cart-9")).toEqual({ streamId: "cart-9", ...nothing });
    expect(await log.reader({ tenant: "acme" }).streamInfo("cart-1")).toEqual({ streamId: "cart-1", ...nothing });
    const listed: unknown[] = [];
    for await (const stream of log.reader().streams()) listed.push(stream);
    expect(listed).toEqual([{ streamId: "cart-1", category: "cart", exists: true, version: 1, createdAt: expect.any(Date), lastPosition: 1 }]);
    expect(await log.reader().streamInfo("cart-1")).toEqual(listed[0]);
  });
});

describe("eventById", () => {
  test("finds an event of its tenant by any spelling of the id", async ({ log }) => {
    const [event] = await log.write([{ streamId: "cart-1", tags: ["t"], metadata: { actorId: "a" } }, { streamId: "cart-1" }]);
    const id = event?.id ?? "";
    expect(await log.reader().eventById(id)).toEqual(event);
    expect(await log.reader().eventById(`{${id.toUpperCase()}}`)).toEqual(event);
    expect(await log.reader({ tenant: "acme" }).eventById(id)).toBeUndefined();
    await expect(log.reader().eventById("42")).rejects.toMatchObject({ code: "INVALID_ARGUMENT", path: "id" });
  });
});

describe("aggregateStream", () => {
  const sum = { initialState: () => 0, evolve: (state: number, event: { readonly data: unknown }) => state + Number(event.data) };

  test("folds the stream, or a part of it", async ({ log }) => {
    await log.write([1, 2, 3, 4, 5].map((data, index) => ({ streamId: "sum-1", data, recordedAt: new Date(index) })));
    const reader = log.reader();
    expect(await reader.aggregateStream("sum-1", sum)).toEqual({ state: 15, version: 5, exists: true });
    expect(await reader.aggregateStream("sum-1", { ...sum, toVersion: 3 })).toEqual({ state: 6, version: 3, exists: true });
    expect(await reader.aggregateStream("sum-1", { ...sum, asOf: new Date(1) })).toEqual({ state: 3, version: 2, exists: true });
    expect(await reader.aggregateStream("none-1", sum)).toEqual({ state: 0, version: 0, exists: false });
  });

  test("passes on what evolve throws", async ({ log }) => {
    await log.write([{ streamId: "sum-1" }]);
    const error = new Error("cannot fold");
    const evolve = (): never => {
      throw error;
    };
    await expect(log.reader().aggregateStream("sum-1", { initialState: () => 0, evolve })).rejects.toBe(error);
  });
});
