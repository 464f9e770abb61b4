import {
  defineConsumer,
  defineEvents,
  defineProjection,
  documentProjection,
  type DocumentProjection,
  event,
  type InferEvents,
  type RecordedEvent,
} from "tidemark";
import { z } from "zod";
import { same } from "./cart.ts";

const events = defineEvents({
  ItemAdded: event<{ sku: string; quantity: number }>(),
  CartConfirmed: z.object({ at: z.string().transform((text) => new Date(text)) }),
  CartClosed: event<{ reason: string }>(),
});
type ShopEvent = InferEvents<typeof events>;

// A consumer gets the events of its catalogue, as they are read.
defineConsumer({
  name: "all",
  events,
  handle(found) {
    same<RecordedEvent<ShopEvent>>()(found);
    if (found.type === "CartConfirmed") same<Date>()(found.data.at);
  },
});
// By the types of its filter, only those.
defineConsumer({
  name: "one",
  events,
  filter: { types: ["CartConfirmed"] },
  as: { ItemAdded: 1 },
  onFailure: (_error, found) => (found.type === "ItemAdded" ? "skip" : "dead-letter"),
  handle: ({ type, data }) => {
    same<"CartConfirmed">()(type);
    same<Date>()(data.at);
  },
});
defineConsumer({
  name: "several",
  events,
  filter: [{ types: ["CartConfirmed"], tags: ["a"] }, { types: ["ItemAdded"] }],
  handleBatch(found) {
    for (const { type } of found) same<"CartConfirmed" | "ItemAdded">()(type);
  },
});
// An alternative without types lets all of them through.
defineConsumer({
  name: "any",
  events,
  filter: [{ types: ["CartConfirmed"] }, { tags: ["a"] }],
  handle: (found) => same<RecordedEvent<ShopEvent>>()(found),
});
defineConsumer<ShopEvent>({ name: "named", events, filter: { types: ["ItemAdded"] }, handle: (found) => same<RecordedEvent<ShopEvent>>()(found) });
// @ts-expect-error -- no type of the catalogue
defineConsumer({ name: "wrong", events, filter: { types: ["ItemAdde"] }, handle: () => {} });
// @ts-expect-error -- no catalogue
defineConsumer({ name: "wrong", events: { ItemAdded: event<{ sku: string }>() }, handle: () => {} });

// Without a catalogue, the handler says what it gets.
defineConsumer({ name: "own", handle: (found: RecordedEvent<ShopEvent>) => void found.data });

interface Stock {
  readonly quantity: number;
}

const stock = documentProjection({
  name: "stock",
  mode: "inline",
  collection: "stock",
  events,
  handles: ["ItemAdded"],
  documentId: ({ data }) => data.sku,
  evolve: (document: Stock | undefined, { data }): Stock => ({ quantity: (document?.quantity ?? 0) + data.quantity }),
});
same<DocumentProjection<Stock>>()(stock);
documentProjection<Stock, ShopEvent>({
  name: "stock",
  mode: "inline",
  collection: "stock",
  events,
  documentId: ({ streamId }) => streamId,
  evolve: { ItemAdded: (_document, { data }) => ({ quantity: data.quantity }), CartClosed: () => null },
});
defineProjection({
  name: "confirmed",
  mode: "async",
  events,
  handles: ["CartConfirmed", "CartClosed"],
  handle: ({ type, data }) => {
    if (type === "CartConfirmed") same<{ at: Date }>()(data);
    else same<"CartClosed">()(type);
  },
});
// @ts-expect-error -- no type of the catalogue
defineProjection({ name: "wrong", mode: "async", events, handles: ["ItemAdde"], handle: () => {} });
