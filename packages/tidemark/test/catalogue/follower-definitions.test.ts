import { defineConsumer, defineEvents, defineProjection, documentProjection, event, retired } from "tidemark";
import { createCodec } from "../../src/catalogue/create-codec.ts";
import { describe, expect, test } from "./test.ts";

const events = defineEvents({
  ItemAdded: {
    schema: event<{ sku: string; quantity: number }>(),
    version: 2,
    upcast: { 1: ({ data }) => ({ sku: data.item, quantity: 1 }) },
    downcast: { 2: ({ data }) => ({ item: data.sku }) },
  },
  CartConfirmed: event<{ at: string }>(),
  CartOpened: retired(() => []),
});

describe("a definition with a catalogue", () => {
  test("may name its event types alone, and says which one may be meant", () => {
    const consumer = { name: "c", events, handle: () => {} };
    // @ts-expect-error -- a typing error
    expect(() => defineConsumer({ ...consumer, filter: [{ types: ["ItemAdded"] }, { types: ["ItemAddde"] }] })).toThrow(
      'definition.filter names "ItemAddde", which is no event type of the definition\'s catalogue; did you mean "ItemAdded"?',
    );
    // @ts-expect-error -- a retired type: what it became has other names
    expect(() => defineConsumer({ ...consumer, filter: { types: ["CartOpened"] } })).toThrow('"CartOpened"');
    // @ts-expect-error -- no catalogue
    expect(() => defineConsumer({ ...consumer, events: { ItemAdded: event() } })).toThrow("definition.events");
    const projection = { name: "p", mode: "async", events } as const;
    // @ts-expect-error -- a typing error
    expect(() => defineProjection({ ...projection, handles: ["CartConfirmd"], handle: () => {} })).toThrow('did you mean "CartConfirmed"?');
    expect(() =>
      documentProjection({
        ...projection,
        collection: "p",
        documentId: () => "p",
        // @ts-expect-error -- a typing error
        evolve: { CartConfirmd: () => ({}) },
      }),
    ).toThrow('did you mean "CartConfirmed"?');
  });

  test("is refused by a store without one, whose events would come as they are stored", async ({ store, openStore }) => {
    const consumer = defineConsumer({ name: "c", events, handle: () => {} });
    expect(() => store.createWorker({ consumers: [consumer] })).toThrow(
      /consumer "c", which is defined with a catalogue of events, but this store was opened without/,
    );
    const projection = defineProjection({ name: "p", mode: "async", events, handles: ["ItemAdded"], handle: () => {} });
    expect(() => store.createWorker({ projections: [projection] })).toThrow('projection "p"');
    const inline = defineProjection({ name: "i", mode: "inline", events, handles: ["ItemAdded"], handle: () => {} });
    await expect(openStore({ projections: [inline] })).rejects.toThrow('projection "i"');
  });

  test("may ask for older shapes that the store's catalogue can still make", async ({ store, openWith }) => {
    await store.appendToStream("cart-1", [{ type: "ItemAdded", data: { item: "tea" } }]);
    const today = await openWith(createCodec(events));
    const seen: unknown[] = [];
    const worker = today.createWorker({
      consumers: [
        defineConsumer({ name: "new", events, filter: { types: ["ItemAdded"] }, handle: ({ data }) => void seen.push(`${data.quantity} ${data.sku}`) }),
        defineConsumer({ name: "old", events, as: { ItemAdded: 1 }, handle: ({ data, schemaVersion }) => void seen.push([data, schemaVersion]) }),
      ],
    });
    await worker.start();
    await worker.caughtUp();
    await worker.stop();
    expect(seen).toHaveLength(2);
    expect(seen).toEqual(expect.arrayContaining(["1 tea", [{ item: "tea" }, 1]]));
    for (const as of [{ ItemAdded: 3 }, { ItemAddde: 1 }])
      expect(() => today.createWorker({ consumers: [defineConsumer({ name: "c", as, handle: () => {} })] })).toThrow("as.Item");
  });
});
