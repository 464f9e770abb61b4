import {
  defineConsumer,
  defineEvents,
  defineProjection,
  documentProjection,
  type DocumentProjection,
  type Event,
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

// In an older shape, the data of the types that `as` names has no type; the others keep theirs.
type Older = Event<"CartConfirmed"> | Exclude<ShopEvent, { type: "CartConfirmed" }>;
defineConsumer({
  name: "older",
  events,
  as: { CartConfirmed: 1 },
  onFailure: (_error, found) => (same<RecordedEvent<Older>>()(found), "skip"),
  handle(found) {
    same<RecordedEvent<Older>>()(found);
    if (found.type === "CartClosed") same<string>()(found.data.reason);
    // @ts-expect-error -- the data of an older shape has no type
    if (found.type === "CartConfirmed") void found.data.at;
  },
});
defineConsumer({
  name: "older",
  events,
  filter: { types: ["CartConfirmed", "ItemAdded"] },
  as: { CartConfirmed: 1 },
  handleBatch: (found) => same<readonly RecordedEvent<Event<"CartConfirmed"> | Extract<ShopEvent, { type: "ItemAdded" }>>[]>()(found),
});
declare const versions: Readonly<Record<string, number>>;
defineConsumer({ name: "older", events, as: versions, filter: { types: ["ItemAdded"] }, handle: ({ data }) => same<unknown>()(data) });
// @ts-expect-error -- a version is a number
defineConsumer({ name: "older", events, as: { ItemAdded: "1" }, handle: () => {} });
// Types that the definition names are those of the shapes that it asks for.
type OlderConfirmed = Event<"CartConfirmed", { confirmedAt: string }>;
defineConsumer<OlderConfirmed>({ name: "named", as: { CartConfirmed: 1 }, handle: ({ data }) => same<string>()(data.confirmedAt) });

documentProjection({
  name: "older",
  mode: "inline",
  collection: "older",
  events,
  handles: ["ItemAdded", "CartClosed"],
  as: { ItemAdded: 1 },
  documentId(found) {
    if (found.type === "ItemAdded") same<unknown>()(found.data);
    else same<{ reason: string }>()(found.data);
    return found.streamId;
  },
  evolve: (_document: Stock | undefined, found): Stock => (
    same<RecordedEvent<Event<"ItemAdded"> | Event<"CartClosed", { reason: string }>>>()(found),
    { quantity: 1 }
  ),
});
documentProjection<Stock, ShopEvent, "ItemAdded" | "CartClosed", { ItemAdded: 1 }>({
  name: "older",
  mode: "inline",
  collection: "older",
  events,
  as: { ItemAdded: 1 },
  documentId: ({ streamId }) => streamId,
  evolve: {
    ItemAdded: (document, { data }) => (same<unknown>()(data), document ?? null),
    CartClosed: (_document, { data }) => (same<string>()(data.reason), null),
  },
});
defineProjection({
  name: "older",
  mode: "async",
  events,
  handles: ["ItemAdded", "CartClosed"],
  as: { CartClosed: 1 },
  handleBatch: (found) => same<readonly RecordedEvent<Event<"CartClosed"> | Extract<ShopEvent, { type: "ItemAdded" }>>[]>()(found),
});
defineProjection({ name: "older", mode: "async", events, handles: ["CartConfirmed"], as: versions, handle: ({ data }) => same<unknown>()(data) });
