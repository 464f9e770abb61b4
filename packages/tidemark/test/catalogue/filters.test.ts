import { describe, expect, test } from "vitest";
import type { StoredEvent } from "../../src/catalogue/definition.ts";
import type { ShapeFilter } from "../../src/catalogue/event-codec.ts";
import { become } from "../../src/catalogue/become.ts";
import { event } from "../../src/catalogue/plain-event.ts";
import { retired } from "../../src/catalogue/retired.ts";
import { asDate } from "../../src/catalogue/stored-codecs.ts";
import { codecOf, read, storedEvent } from "./stored-event.ts";

const codec = codecOf({
  ItemAdded: event(),
  ItemMoved: event(),
  CartCreated: { schema: event(), version: 2, upcast: { 1: ({ data }: StoredEvent) => ({ owner: data.user }) } },
  CartConfirmed: { schema: event(), stored: { at: asDate } },
  CartSplit: {
    schema: event(),
    version: 2,
    upcast: { 1: () => become([{ type: "CartConfirmed", data: { at: "2026-01-01T00:00:00.000Z" } }]) },
    becomes: ["CartConfirmed"],
  },
  CartOpened: retired(({ data }) => [{ type: "CartCreated", data }], { becomes: ["CartCreated"] }),
  CartBegun: retired(({ data }) => [{ type: "CartOpened", data }], { becomes: ["CartOpened"] }),
  ItemsAdded: retired(
    ({ data }) => [
      { type: "ItemAdded", data },
      { type: "ItemMoved", data },
    ],
    { becomes: ["ItemAdded", "ItemMoved"] },
  ),
});

test.each([
  [["ItemAdded"], ["ItemAdded", "ItemsAdded"]],
  [["CartCreated"], ["CartCreated", "CartOpened", "CartBegun"]],
  [["CartConfirmed"], ["CartConfirmed", "CartSplit"]],
  [
    ["ItemAdded", "ItemMoved", "Foreign"],
    ["ItemAdded", "ItemsAdded", "ItemMoved", "Foreign"],
  ],
])("events of %j are stored under %j", (types, expected) => {
  expect(codec.storedTypes(types)).toEqual(expected);
});

test("types that nothing else becomes are given back as they are", () => {
  const types = ["CartSplit", "Foreign"];
  expect(codec.storedTypes(types)).toBe(types);
});

test("a retired type that does not say what it becomes may become every type", () => {
  const open = codecOf({ A: event(), B: event(), R: retired(() => []), S: retired(() => [], { becomes: ["A"] }) });
  expect(open.storedTypes(["A"])).toEqual(["A", "S", "R"]);
  expect(open.storedTypes(["B"])).toEqual(["B", "R"]);
});

describe("a filter", () => {
  const widened = (...filter: ShapeFilter[]): unknown => codec.decoder({ filter }).filter;

  test("that finds all as it is stays the same array", () => {
    const filter = [{ types: ["CartSplit"], tags: ["a"] }, { categories: ["cart"] }];
    expect(codec.decoder({ filter }).filter).toBe(filter);
  });

  test("grows by stored types, and keeps the rest", () => {
    expect(widened({ types: ["ItemAdded"], tags: ["a"] }, { streamIds: ["cart-1"] })).toEqual([
      { types: ["ItemAdded", "ItemsAdded"], tags: ["a"] },
      { streamIds: ["cart-1"] },
    ]);
  });

  test("keeps a condition on data where every stored shape is the newest, and drops it elsewhere", () => {
    const data = '{"owner":"ada"}';
    expect(widened({ types: ["CartConfirmed", "CartSplit"], data })).toEqual([{ types: ["CartConfirmed"], data, orNewer: true }, { types: ["CartSplit"] }]);
    expect(widened({ types: ["CartCreated"], data, tags: ["a"] })).toEqual([{ types: ["CartCreated", "CartOpened", "CartBegun"], tags: ["a"] }]);
    expect(widened({ data, prefix: "cart" })).toEqual([{ prefix: "cart" }]);
    expect(widened({ types: ["ItemMoved", "Foreign"], data })).toEqual([{ types: ["ItemMoved"], data, orNewer: true }, { types: ["ItemsAdded", "Foreign"] }]);
  });

  test("is not split beyond a hundred alternatives", () => {
    const data = '{"owner":"ada"}';
    const filter = Array.from({ length: 100 }, () => ({ types: ["ItemMoved", "CartCreated"], data }));
    expect(codec.decoder({ filter }).filter).toEqual(filter.map(() => ({ types: ["ItemMoved", "ItemsAdded", "CartCreated", "CartOpened", "CartBegun"] })));
  });

  test("narrows again to the types of today", () => {
    const both = storedEvent("ItemsAdded", { sku: "tea" });
    expect(read(codec, both, { filter: [{ types: ["ItemMoved"] }] })).toEqual([["ItemMoved 1", { sku: "tea" }, 1]]);
    expect(read(codec, both)).toHaveLength(2);
    expect(read(codec, storedEvent("CartSplit", {}, { schemaVersion: 2 }), { filter: [{ types: ["CartConfirmed"] }] })).toEqual([]);
    expect(read(codec, storedEvent("CartSplit", {}), { filter: [{ types: ["CartConfirmed"] }] })).toHaveLength(1);
    expect(read(codec, storedEvent("CartBegun", { user: "ada" }), { filter: [{ types: ["CartOpened"] }] })).toEqual([]);
  });

  test("narrows by the data of the newest shape, as it is stored", () => {
    const filter = [{ types: ["CartCreated"], data: '{"owner":"ada"}' }];
    expect(read(codec, storedEvent("CartOpened", { user: "ada" }), { filter })).toEqual([["CartCreated 2", { owner: "ada" }]]);
    expect(read(codec, storedEvent("CartOpened", { user: "bob" }), { filter })).toEqual([]);
    expect(read(codec, storedEvent("CartCreated", { owner: "bob" }, { schemaVersion: 2 }), { filter })).toEqual([]);
    const dated = [{ types: ["CartConfirmed"], data: '{"at":"2026-01-01T00:00:00.000Z"}' }];
    expect(read(codec, storedEvent("CartSplit", {}), { filter: dated })).toEqual([["CartConfirmed 1", { at: new Date("2026-01-01") }]]);
  });

  test.each<[string, ShapeFilter]>([
    ["tags", { tags: ["sku:gin"] }],
    ["categories", { categories: ["order"] }],
    ["streamIds", { streamIds: ["cart-2"] }],
    ["prefix", { prefix: "cart-2" }],
    ["since", { since: new Date("2026-11-20T10:00:00.001Z") }],
  ])("takes an alternative as a whole, with its %s", (_name, elsewhere) => {
    const both = storedEvent("ItemsAdded", { sku: "tea" });
    const filter = [
      { types: ["ItemAdded"], ...elsewhere },
      { types: ["ItemMoved"], tags: ["sku:tea"] },
    ];
    expect(read(codec, both, { filter })).toEqual([["ItemMoved 1", { sku: "tea" }, 1]]);
  });
});

test("five thousand types and five hundred retired ones that may become any are as quick to widen as a few", () => {
  const types = Array.from({ length: 5_000 }, (_, n) => `Type${n}`);
  const old = Array.from({ length: 500 }, (_, n) => `Old${n}`);
  const large = codecOf(Object.fromEntries([...types.map((type) => [type, event()]), ...old.map((type) => [type, retired(() => [])])]));
  expect(large.storedTypes(["Type7"])).toEqual(["Type7", ...old]);
  expect(large.storedTypes(types)).toHaveLength(5_500);
});
