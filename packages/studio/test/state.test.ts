import { asDate, defineEvents } from "tidemark";
import { studio } from "@tidemark/studio";
import { z } from "zod";
import { changesBetween } from "../src/wire/difference.ts";
import { exactJson, exactText } from "../src/wire/exact-json.ts";
import type { StatePage } from "../src/wire/state-reports.ts";
import { describe, expect, test } from "../../tidemark/test/support/test.ts";
import { get, report } from "./support.ts";

interface Added {
  readonly type: string;
  readonly data: { readonly sku: string; readonly quantity: bigint | number };
}

/** It changes its state in place, and holds what JSON has no place for. */
const cart = {
  initialState: () => ({ items: new Map<string, number>(), seen: new Set<string>(), total: 0n, at: new Date(0) }),
  evolve: (state: { items: Map<string, number>; seen: Set<string>; total: bigint; at: Date }, { data }: Added) => {
    state.items.set(data.sku, (state.items.get(data.sku) ?? 0) + Number(data.quantity));
    state.seen.add(data.sku);
    state.total += BigInt(data.quantity);
    return state;
  },
};

const added = (sku: string, quantity: number): Added => ({ type: "ItemAdded", data: { sku, quantity } });

describe("the state of a stream", () => {
  test("is that of the version, with the one before", async ({ store, schema }) => {
    await store.appendToStream("cart-1", [added("tea", 2), added("mug", 1), added("tea", 1)]);
    const panel = studio(store, { schema, deciders: { cart } });
    const at = (version: string): Promise<StatePage> => report<StatePage>(panel, `/api/state?id=cart-1${version}`);
    const text = (items: object, seen: readonly string[], total: number): string =>
      JSON.stringify({ items, seen, total: String(total), at: "1970-01-01T00:00:00.000Z" });
    const second = await at("&version=2");
    expect(second).toMatchObject({ version: 2, stream: { version: 3 }, event: { type: "ItemAdded", version: 2 } });
    expect(second.state).toEqual({
      kind: "state",
      before: text({ tea: 2 }, ["tea"], 2),
      state: text({ tea: 2, mug: 1 }, ["tea", "mug"], 3),
      masked: false,
    });
    expect((await at("")).state).toMatchObject({ state: text({ tea: 3, mug: 1 }, ["tea", "mug"], 4) });
    expect((await at("&version=99")).version).toBe(3);
    expect(await at("&version=0")).toMatchObject({ event: null, state: { before: null, state: text({}, [], 0) } });
    expect((await get(panel, "/api/state?id=absent")).status).toBe(404);
  });

  test("is that of the events as the catalogue reads them", async ({ openStore, store, schema }) => {
    await store.appendToStream("cart-1", [{ type: "Paid", data: { at: "2026-11-29T10:00:00.000Z" } }]);
    const events = defineEvents({ Paid: { schema: z.object({ at: z.date() }), stored: { at: asDate } } });
    const paid = { initialState: () => 0, evolve: (_state: number, event: { readonly data: { readonly at: Date } }) => event.data.at.getTime() };
    const page = await report<StatePage>(studio(await openStore({ events }), { schema, deciders: { cart: paid } }), "/api/state?id=cart-1");
    expect(page.state).toMatchObject({ state: String(Date.UTC(2026, 10, 29, 10)) });
  });

  test("says so where nothing folds the category, or the decider fails", async ({ store, schema }) => {
    await store.appendToStream("cart-1", [added("tea", 2), added("mug", 1)]);
    await store.appendToStream("constructor-1", [added("tea", 2)]);
    const failing = {
      initialState: () => 0,
      evolve: (_state: number, { data }: Added): number => {
        if (data.sku === "mug") throw new Error("no mugs");
        return 1;
      },
    };
    const none = await report<StatePage>(studio(store, { schema, deciders: { order: failing } }), "/api/state?id=cart-1");
    expect(none.state).toEqual({ kind: "no-decider", known: ["order"] });
    const own = await report<StatePage>(studio(store, { schema, deciders: {} }), "/api/state?id=constructor-1");
    expect(own.state).toEqual({ kind: "no-decider", known: [] });
    const failed = await report<StatePage>(studio(store, { schema, deciders: { cart: failing } }), "/api/state?id=cart-1");
    expect(failed.state).toEqual({ kind: "failed", detail: "Error: no mugs", version: 2 });
    const silent = await report<StatePage>(studio(store, { schema, deciders: { cart: failing }, mask: () => [] }), "/api/state?id=cart-1");
    expect(silent.state).toEqual({ kind: "failed", detail: "The decider failed.", version: 2 });
  });

  test("that would fill the browser is told of, and not sent", async ({ store, schema }) => {
    await store.appendToStream("cart-1", [added("tea", 2)]);
    const large = { initialState: () => "", evolve: () => "x".repeat(1_000_001) };
    const page = await report<StatePage>(studio(store, { schema, deciders: { cart: large } }), "/api/state?id=cart-1");
    expect(page.state).toMatchObject({ kind: "failed", detail: expect.stringContaining("1000003 characters") });
  });
});

describe("what was made of events", () => {
  const email = { initialState: () => ({}), evolve: () => ({ email: "ada@example.com", items: [{ price: 3 }] }) };

  test("is masked as maskDerived says, before and after", async ({ store, schema }) => {
    await store.appendToStream("cart-1", [added("tea", 2), added("tea", 2)]);
    const asked: unknown[] = [];
    const panel = studio(store, {
      schema,
      deciders: { cart: email },
      maskDerived: ({ kind, name, id, value }) => {
        asked.push([kind, name, id, value]);
        return ["email", "items.*.price"];
      },
    });
    const { state } = await report<StatePage>(panel, "/api/state?id=cart-1");
    const hidden = '{"email":"••••••","items":[{"price":"••••••"}]}';
    expect(state).toEqual({ kind: "state", before: hidden, state: hidden, masked: true });
    expect(asked[0]).toEqual(["state", "cart", "cart-1", { email: "ada@example.com", items: [{ price: 3 }] }]);
  });

  test.for([
    ["with mask alone", { mask: () => [] }],
    ["where maskDerived throws", { maskDerived: () => expect.unreachable() }],
    ["where maskDerived returns nonsense", { maskDerived: () => JSON.parse('{"a":1}') }],
  ] as const)("is hidden as a whole %s", async ([, options], { store, schema }) => {
    await store.appendToStream("cart-1", [added("tea", 2)]);
    const page = await report<StatePage>(studio(store, { schema, deciders: { cart: email }, ...options }), "/api/state?id=cart-1");
    expect(page.state).toMatchObject({ state: '"••••••"', masked: true });
    expect(JSON.stringify(page.state)).not.toContain("ada@example.com");
  });
});

test("a decider without its functions is refused", ({ store }) => {
  const decider: { initialState: () => number; evolve: () => number } = JSON.parse("{}");
  expect(() => studio(store, { deciders: { cart: decider } })).toThrow("options.deciders.cart must be a decider");
});

describe("the difference of two values", () => {
  const changes = (before: string, after: string): readonly (readonly [string, string | undefined, string | undefined])[] =>
    changesBetween(exactJson(before), exactJson(after)).map((change) => [
      change.path.join("."),
      change.before === undefined ? undefined : exactText(change.before),
      change.after === undefined ? undefined : exactText(change.after),
    ]);

  test.for([
    ["1", "1", []],
    [
      '{"a":1,"b":{"c":2}}',
      '{"b":{"c":3},"d":null}',
      [
        ["a", "1", undefined],
        ["b.c", "2", "3"],
        ["d", undefined, "null"],
      ],
    ],
    [
      "[1,2]",
      "[1,3,4]",
      [
        ["1", "2", "3"],
        ["2", undefined, "4"],
      ],
    ],
    ['{"a":[]}', '{"a":{}}', [["a", "[]", "{}"]]],
    ["9007199254740992", "9007199254740993", [["", "9007199254740992", "9007199254740993"]]],
    [
      '{"__proto__":1}',
      '{"constructor":1}',
      [
        ["__proto__", "1", undefined],
        ["constructor", undefined, "1"],
      ],
    ],
  ] as const)("%s and %s", ([before, after, expected]) => {
    expect(changes(before, after)).toEqual(expected);
  });
});
