import { AssertionError } from "node:assert";
import {
  asDate,
  type BoundaryDecider,
  decider,
  defineEvents,
  documentProjection,
  type Event,
  event,
  type InferEvents,
  type InferNewEvents,
  type MultiStreamDecider,
  retired,
  handleCommand,
  executeCommand,
} from "tidemark";
import { openTestStore, scenario } from "tidemark/testing";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const events = defineEvents({
  ItemAdded: {
    schema: z.object({ sku: z.string().min(1), quantity: z.number().int().default(1) }),
    version: 2,
    upcast: { 1: ({ data }) => ({ sku: data.item, quantity: data.quantity }) },
    downcast: { 2: ({ data }) => ({ item: data.sku, quantity: data.quantity }) },
  },
  CartConfirmed: { schema: z.object({ at: z.date() }), stored: { at: asDate } },
  BasketFilled: retired(({ data }) => data.skus.map((sku: string) => ({ type: "ItemAdded", schemaVersion: 2, data: { sku, quantity: 1 } })), {
    becomes: ["ItemAdded"],
  }),
  CartTouched: retired(() => [], { becomes: [] }),
});
type CartEvent = InferEvents<typeof events>;
type NewCartEvent = InferNewEvents<typeof events>;
interface Cart {
  readonly skus: readonly string[];
  readonly quantity: number;
  readonly year?: number;
}
type CartCommand = { readonly add: string } | { readonly confirm: Date };

const noon = new Date("2026-05-01T12:00:00Z");
const empty = (): Cart => ({ skus: [], quantity: 0 });
function evolve(cart: Cart, { type, data }: CartEvent): Cart {
  // Fails where an event is given as it is stored.
  if (type === "CartConfirmed") return { ...cart, year: data.at.getUTCFullYear() };
  return { ...cart, skus: [...cart.skus, data.sku], quantity: cart.quantity + data.quantity };
}
function decide(command: CartCommand, cart: Cart): NewCartEvent[] {
  if ("add" in command) return cart.skus.length < 4 ? [{ type: "ItemAdded", data: { sku: command.add } }] : [];
  if (cart.year === command.confirm.getUTCFullYear()) throw new Error("this year's is confirmed");
  return [{ type: "CartConfirmed", data: { at: command.confirm } }];
}
const cart = decider({ events, initialState: empty, evolve, decide });
const tags = ["cart:1"];
const byTag: BoundaryDecider<Cart, CartCommand, CartEvent, NewCartEvent> = {
  events,
  query: [{ types: ["ItemAdded"], tags }],
  initialState: empty,
  evolve,
  decide: (command, state) => decide(command, state).map((decided) => ({ ...decided, tags })),
};
const several: MultiStreamDecider<Cart, CartCommand, CartEvent, NewCartEvent> = {
  events,
  reads: ["cart-1", "cart-2"],
  initialState: empty,
  evolve,
  decide: (command, state) => [{ streamId: "cart-2", events: decide(command, state) }],
};

const tea = { type: "ItemAdded", data: { sku: "tea", quantity: 1 } } as const;
const old = { type: "ItemAdded", schemaVersion: 1, data: { item: "jam", quantity: 3 } };
const basket = { type: "BasketFilled", schemaVersion: 1, data: { skus: ["rye", "oil"] } };
const touched = { type: "CartTouched", schemaVersion: 1, data: {} };

describe("a scenario with a catalogue", () => {
  test("compares what was decided with what readers get, defaults included", () => {
    scenario(cart).given([]).when({ add: "tea" }).then([tea]);
    scenario(cart)
      .given([])
      .when({ confirm: noon })
      .then([{ type: "CartConfirmed", data: { at: noon } }]);
    expect(() =>
      scenario(cart)
        .given([])
        .when({ confirm: noon })
        .then([{ type: "CartConfirmed", data: { at: new Date(0) } }]),
    ).toThrow(AssertionError);
  });

  test("brings given events of older versions and retired types up to date", () => {
    expect.assertions(0);
    scenario(cart).given([old, basket, touched]).when({ add: "tea" }).then([tea]);
    scenario(cart).given([old, basket, touched]).when({ add: "tea" }, { add: "nut" }).then([tea]);
    const history = [basket, touched, old].map((stored, index) => ({ ...stored, streamId: `cart-${Math.min(index + 1, 2)}` }));
    scenario(several)
      .given(history)
      .when({ add: "tea" }, { add: "nut" })
      .then([
        { streamId: "cart-2", events: [tea] },
        { streamId: "cart-2", events: [] },
      ]);
    // Versions count stored events.
    const onto: typeof several = {
      ...several,
      reads: ["cart-1"],
      decide: (command, state) => [{ streamId: "cart-2", events: decide(command, state), expectedVersion: 2 }],
    };
    scenario(onto)
      .given(history)
      .when({ add: "tea" })
      .then([{ streamId: "cart-2", events: [tea] }]);
    scenario(onto)
      .given([...history, { ...touched, streamId: "cart-2" }])
      .when({ add: "tea" })
      .thenThrows("is at 3, expected 2");
    scenario(byTag)
      .given([
        { ...basket, tags },
        { ...basket, tags: ["cart:2"] },
        { ...touched, tags },
        { ...old, tags },
      ])
      .when({ add: "tea" }, { add: "nut" })
      .then([tea]);
  });

  test("takes an event as it is stored, which a schema that transforms would refuse", () => {
    expect.assertions(0);
    scenario(cart)
      .given([{ type: "CartConfirmed", schemaVersion: 1, data: { at: noon.toISOString() } }])
      .when({ confirm: noon })
      .thenThrows("this year's");
  });

  test("refuses what a store would refuse, with its place", () => {
    expect(() =>
      scenario(cart)
        .given([{ type: "ItemAdded", data: { sku: "", quantity: 1 } }])
        .when({ add: "tea" })
        .then([tea]),
    ).toThrow(expect.objectContaining({ code: "EVENT_VALIDATION", issues: [expect.objectContaining({ path: "given[0].data.sku" })] }));
    expect(() => scenario(cart).given([]).when({ add: "" }).then([])).toThrow(
      expect.objectContaining({ code: "EVENT_VALIDATION", issues: [expect.objectContaining({ path: "decided[0].data.sku" })] }),
    );
    for (const unknown of [
      { type: "ItemAdded", schemaVersion: 3, data: {} },
      { type: "ItemAded", schemaVersion: 1, data: {} },
    ])
      expect(() => scenario(cart).given([unknown]).when({ add: "tea" }).then([])).toThrow(expect.objectContaining({ code: "UNKNOWN_EVENT_TYPE" }));
    expect(() =>
      scenario(cart)
        .given([{ ...old, schemaVersion: 0 }])
        .when({ add: "tea" })
        .then([]),
    ).toThrow("given[0].schemaVersion");
    // @ts-expect-error -- a retired type cannot be given as a new event
    expect(() => scenario(cart).given([{ type: "CartTouched", data: {} }]).when({ add: "tea" }).then([])).toThrow("is retired"); // oxfmt-ignore
    expect(() =>
      scenario(cart)
        .given([])
        .when({ confirm: noon })
        // @ts-expect-error -- read as a Date
        .then([{ type: "CartConfirmed", data: { at: "noon" } }]),
    ).toThrow("then[0].data.at");
  });

  test("is given a catalogue as an option, too", () => {
    const plain = { initialState: empty, evolve, decide };
    scenario(plain, { events }).given([old]).when({ add: "tea" }).then([tea]);
    expect(() => scenario(plain, { events }).given([]).when({ add: "" }).then([])).toThrow(expect.objectContaining({ code: "EVENT_VALIDATION" }));
    // @ts-expect-error -- a misspelt option
    expect(() => scenario(plain, { event: events })).toThrow("events");
    // @ts-expect-error -- no catalogue
    expect(() => scenario(plain, { events: { ItemAdded: event<object>() } })).toThrow("defineEvents");
  });

  test("awaits asynchronous schemas, and says so where nothing is awaited", async () => {
    const slow = defineEvents({ ItemAdded: z.object({ sku: z.string().refine(async (sku) => sku !== "gin") }) });
    const counting = decider({
      events: slow,
      initialState: () => 0,
      evolve: (count) => count + 1,
      decide: ({ sku }: { readonly sku: string }, count) => (count < 2 ? [{ type: "ItemAdded", data: { sku } }] : []),
    });
    const jam = { type: "ItemAdded", data: { sku: "jam" } } as const;
    await scenario(counting)
      .given([jam])
      .when({ sku: "tea" }, { sku: "oil" })
      .thenAsync([{ type: "ItemAdded", data: { sku: "tea" } }]);
    await scenario(counting).given([]).when({ sku: "gin" }).thenThrowsAsync("decided[0].data.sku");
    expect(() => scenario(counting).given([jam]).when({ sku: "tea" }).then([])).toThrow("asynchronous schema: write `await ….thenAsync(…)`");
    expect(() => scenario(counting).given([]).when({ sku: "gin" }).thenThrows()).toThrow("asynchronous schema");
    expect(() =>
      scenario(counting)
        .given([{ type: "ItemAdded", data: { sku: "gin" } }])
        .when({ sku: "tea" })
        .thenThrows(),
    ).toThrow("asynchronous schema");
  });
});

describe("a scenario of a projection with a catalogue", () => {
  interface Stock {
    readonly quantity: number;
  }
  const stock = documentProjection({
    name: "stock",
    mode: "inline",
    collection: "stock",
    events,
    handles: ["ItemAdded"],
    filter: { data: { quantity: 3 } },
    documentId: ({ data }) => data.sku,
    evolve: (document: Stock | undefined, { data }): Stock => ({ quantity: (document?.quantity ?? 0) + data.quantity }),
  });

  test("finds and reads old events as a store does", async () => {
    expect.assertions(0);
    await scenario(stock)
      .given([{ ...old, streamId: "cart-1" }, basket, touched, tea, { type: "ItemAdded", data: { sku: "nut", quantity: 3 } }])
      .then({ jam: { quantity: 3 }, nut: { quantity: 3 } });
  });

  test("gives the older shapes that its code still knows", async () => {
    expect.assertions(0);
    const older = documentProjection<Stock, Event<"ItemAdded", { item?: string }>>({
      name: "stock",
      mode: "inline",
      collection: "stock",
      handles: ["ItemAdded"],
      as: { ItemAdded: 1 },
      documentId: ({ data }) => data.item ?? "none",
      evolve: (document) => ({ quantity: (document?.quantity ?? 0) + 1 }),
    });
    await scenario(older, { events })
      .given([old, tea, basket])
      .then({ jam: { quantity: 1 }, tea: { quantity: 1 }, rye: { quantity: 1 }, oil: { quantity: 1 } });
  });

  test("refuses data that the schema refuses", () => {
    expect(() => scenario(stock).given([{ type: "ItemAdded", data: { sku: "" } }])).toThrow(expect.objectContaining({ code: "EVENT_VALIDATION" }));
  });
});

describe("a decider with a catalogue", () => {
  test("handles commands in a test store of the catalogue, as in its scenario", async () => {
    await using store = await openTestStore({ events });
    const { state, events: written } = await handleCommand(store, cart, "cart-1", [{ add: "tea" }, { confirm: noon }]);
    expect([state, written.map(({ data }) => data)]).toEqual([{ skus: ["tea"], quantity: 1, year: 2026 }, [{ sku: "tea", quantity: 1 }, { at: noon }]]);
    expect((await executeCommand(store, several, { add: "jam" })).state.skus).toEqual(["tea", "jam"]);
    expect((await executeCommand(store, byTag, { add: "oil" })).state.skus).toEqual(["oil"]);
    await expect(store.appendToStream("cart-1", [{ type: "ItemAdded", data: { sku: "" } }])).rejects.toMatchObject({ code: "EVENT_VALIDATION" });
    // @ts-expect-error -- a retired type
    await expect(store.appendToStream("cart-1", [{ type: "CartTouched", data: {} }])).rejects.toMatchObject({ code: "UNKNOWN_EVENT_TYPE" });
  });

  test("is refused by a store without one, and with another query than its catalogue's", async () => {
    await using store = await openTestStore();
    const named = { ...cart, name: "cart", snapshot: {} };
    for (const handled of [
      handleCommand(store, cart, "cart-1", { add: "tea" }),
      executeCommand(store, several, { add: "tea" }),
      executeCommand(store, byTag, { add: "tea" }),
      store.snapshots.take(named, "cart-1"),
      store.snapshots.take({ ...several, name: "cart", snapshot: {} }, { add: "tea" }),
      store.transaction((tx) => handleCommand(tx, cart, "cart-1", { add: "tea" })),
    ])
      await expect(handled).rejects.toThrow("decider.events is a catalogue, but this store was opened without one");
    await using catalogued = await openTestStore({ events });
    // @ts-expect-error -- no type of the catalogue
    const misspelt: typeof byTag = { ...byTag, query: () => [{ types: ["ItemAded"] }] };
    await expect(executeCommand(catalogued, misspelt, { add: "tea" })).rejects.toThrow('did you mean "ItemAdded"');
    expect(() => scenario(misspelt).given([]).when({ add: "tea" }).then([])).toThrow('did you mean "ItemAdded"');
    // @ts-expect-error -- no catalogue
    expect(() => decider({ ...cart, events: {} })).toThrow("decider.events");
  });
});
