import { type } from "arktype";
import {
  defineEvents,
  type BoundaryReading,
  type CausationTree,
  type Event,
  event,
  type EventQuery,
  type EventSequence,
  openEventStore,
  type EventReaderWriter,
  type EventStore,
  type InferEvents,
  type InferNewEvents,
  type ReadAllOptions,
  type RecordedEvent,
  retired,
  type StoreTransaction,
  type Subscription,
} from "tidemark";
import * as v from "valibot";
import { z } from "zod";
import { same } from "./cart.ts";

const events = defineEvents({
  ItemAdded: event<{ sku: string }>(),
  CartConfirmed: { schema: z.object({ at: z.string().transform((text) => new Date(text)), channel: z.string().default("web") }), version: 1 },
  CartOpened: retired(() => []),
});
type ShopEvent = InferEvents<typeof events>;
type NewShopEvent = InferNewEvents<typeof events>;

// The store has the types of its catalogue: what is read and what may be appended.
const store = await openEventStore("postgres://localhost/shop", { events, unknownEvents: "skip", validateReads: true });
same<EventStore<ShopEvent, NewShopEvent>>()(store);
same<EventStore<ShopEvent, NewShopEvent>>()(await openEventStore({ events }));
const plain = await openEventStore({ schema: "shop" });
same<EventStore>()(plain);

// Appends take what the schemas accept; readers get what they return.
void store.appendToStream("cart-1", [
  { type: "CartConfirmed", data: { at: "2026-11-20" } },
  { type: "ItemAdded", data: { sku: "tea" }, tags: ["sku:tea"] },
]);
void store.appendToStreams([{ streamId: "cart-1", events: [{ type: "CartConfirmed", data: { at: "2026-11-20", channel: "shop" } }] }]);
void store.append([{ type: "ItemAdded", data: { sku: "tea" } }], { condition: { query: [{ types: ["CartConfirmed"] }] } });
for await (const found of store.readStream("cart-1")) {
  same<RecordedEvent<ShopEvent>>()(found);
  if (found.type === "CartConfirmed") same<{ at: Date; channel: string }>()(found.data);
}
// @ts-expect-error -- read as a Date, appended as a text
void store.appendToStream("cart-1", [{ type: "CartConfirmed", data: { at: new Date() } }]);
// @ts-expect-error -- no type of the catalogue
void store.appendToStream("cart-1", [{ type: "ItemRemoved", data: { sku: "tea" } }]);
// @ts-expect-error -- a retired type
void store.appendToStream("cart-1", [{ type: "CartOpened", data: {} }]);
// @ts-expect-error -- no type of the catalogue
void store.append([{ type: "ItemAdded", data: { sku: "tea" } }], { condition: { query: [{ types: ["CartClosed"] }] } });

// Its views and transactions have them, too.
same<EventStore<ShopEvent, NewShopEvent>>()(store.forTenant("acme"));
same<EventStore<ShopEvent, NewShopEvent>>()(store.withMetadata({ actorId: "ada" }));
await store.transaction(async (tx) => {
  same<StoreTransaction<ShopEvent, NewShopEvent>>()(tx);
  await tx.appendToStream("cart-1", [{ type: "CartConfirmed", data: { at: "2026-11-20" } }]);
});

// A filter by types gives their events alone; one with an alternative without types gives all.
type Added = Extract<ShopEvent, { type: "ItemAdded" }>;
same<EventSequence<Added>>()(store.readAll({ filter: { types: ["ItemAdded"] } }));
same<EventSequence<Added>>()(store.readAll({ filter: [{ types: ["ItemAdded"], tags: ["a"] }], limit: 5 }));
same<EventSequence<ShopEvent>>()(store.readAll({ filter: [{ types: ["ItemAdded"] }, { types: ["CartConfirmed"] }] }));
same<EventSequence<ShopEvent>>()(store.readAll({ filter: [{ types: ["ItemAdded"] }, { tags: ["a"] }] }));
same<EventSequence<ShopEvent>>()(store.readAll({ filter: { tags: ["a"] } }));
same<EventSequence<ShopEvent>>()(store.readAll({ after: 3 }));
same<Subscription<Added>>()(store.subscribe({ filter: { types: ["ItemAdded"] }, after: "end" }));
same<Subscription<ShopEvent>>()(store.subscribe());
same<BoundaryReading<Added>>()(await store.readBoundary([{ types: ["ItemAdded"], tags: ["a"] }]));
same<BoundaryReading<ShopEvent>>()(await store.readBoundary([{ types: ["ItemAdded"] }, { tags: ["a"] }]));
same<BoundaryReading<ShopEvent>>()(await store.readBoundary([]));
declare const query: EventQuery<ShopEvent>;
same<EventSequence<ShopEvent>>()(store.readAll({ filter: query }));
declare const oneOfTwo: "ItemAdded" | "CartConfirmed";
same<EventSequence<ShopEvent>>()(store.readAll({ filter: { types: [oneOfTwo] } }));
// @ts-expect-error -- no type of the catalogue
store.readAll({ filter: { types: ["ItemAded"] } });
// @ts-expect-error -- no key of a filter
store.readAll({ filter: { types: ["ItemAdded"], tag: ["a"] } });
// @ts-expect-error -- no key of an alternative
store.readAll({ filter: [{ types: ["ItemAdded"], tag: ["a"] }] });
// @ts-expect-error -- no option
store.readAll({ filters: { types: ["ItemAdded"] } });
// @ts-expect-error -- no type of the catalogue, in the second alternative alone
store.readAll({ filter: [{ types: ["ItemAdded"] }, { types: ["ItemAded"] }] });
// @ts-expect-error -- no type of the catalogue, in a list
store.readAll({ filter: [{ types: ["ItemAded"] }] });
// @ts-expect-error -- no type of the catalogue, in the second alternative alone
store.subscribe({ filter: [{ types: ["ItemAdded"] }, { types: ["ItemAded"] }] });
// @ts-expect-error -- no type of the catalogue
void store.readBoundary([{ types: ["ItemAded"] }]);
// @ts-expect-error -- no type of the catalogue, in the second alternative alone
void store.readBoundary([{ types: ["ItemAdded"] }, { types: ["ItemAded"] }]);

// As it is stored, an event is of any type and its data of none: the types that a caller names are the caller's.
same<EventSequence>()(store.readStream("cart-1", { raw: true }));
same<EventSequence>()(store.readAll({ raw: true, filter: { types: ["CartOpened"] } }));
same<Subscription>()(store.subscribe({ raw: true }));
same<BoundaryReading>()(await store.readBoundary([{ types: ["CartOpened"] }], { raw: true }));
same<RecordedEvent | undefined>()(await store.eventById("0198c0de-0000-7000-8000-000000000000", { raw: true }));
const [stored] = await store.readStream("cart-1", { raw: true }).toArray();
if (stored) same<unknown>()(stored.data);
same<EventSequence<Added>>()(store.readStream<Added>("cart-1", { raw: true }));
declare const perhaps: boolean;
same<EventSequence>()(store.readAll({ raw: perhaps }));
same<EventSequence<ShopEvent>>()(store.readAll({ raw: false }));
void store.aggregateStream("cart-1", { initialState: () => 0, evolve: (count, { data }) => count + (same<unknown>()(data), 1), raw: true });
void store.aggregateStream("cart-1", { initialState: () => 0, evolve: (count, found) => count + (same<RecordedEvent<ShopEvent>>()(found), 1) });

same<CausationTree>()(await store.readCausation("0198c0de-0000-7000-8000-000000000000", { raw: true }));
same<EventSequence>()(store.readCorrelation("request-7", { raw: true }));
const tree = await store.readCausation("0198c0de-0000-7000-8000-000000000000", { depth: 3 });
same<CausationTree<ShopEvent>>()(tree);
same<RecordedEvent<ShopEvent>>()(tree.causes[0] ?? tree.effects[0]?.event ?? tree.event);
same<EventSequence<ShopEvent>>()(store.readCorrelation("request-7", { limit: 5 }));
// @ts-expect-error -- no option of a correlation
store.readCorrelation("request-7", { filter: { types: ["ItemAdded"] } });

// In an older shape, the data of the types that `as` names has no type; the others keep theirs.
type Older = Event<"CartConfirmed"> | Added;
const asked = { CartConfirmed: 1 } as const;
same<EventSequence<Older>>()(store.readStream("cart-1", { as: asked }));
same<EventSequence<Older>>()(store.readAll({ as: { CartConfirmed: 1 }, filter: { tags: ["a"] } }));
same<Subscription<Older>>()(store.subscribe({ as: { CartConfirmed: 1 } }));
same<BoundaryReading<Older>>()(await store.readBoundary([{ types: ["CartConfirmed"] }], { as: { CartConfirmed: 1 } }));
same<RecordedEvent<Older> | undefined>()(await store.eventById("0198c0de-0000-7000-8000-000000000000", { as: { CartConfirmed: 1 } }));
same<EventSequence<Event<"CartConfirmed"> | Event<"ItemAdded">>>()(store.readAll({ as: { ...asked, ItemAdded: 1 } }));
same<CausationTree<Older>>()(await store.readCausation("0198c0de-0000-7000-8000-000000000000", { as: { CartConfirmed: 1 } }));
same<EventSequence<Older>>()(store.readCorrelation("request-7", { as: { CartConfirmed: 1 } }));
void store.aggregateStream("cart-1", { initialState: () => 0, evolve: (count, { data }) => count + (same<unknown>()(data), 1), as: { CartConfirmed: 1 } });
declare const versions: Readonly<Record<string, number>>;
same<EventSequence<Event<"CartConfirmed"> | Event<"ItemAdded">>>()(store.readStream("cart-1", { as: versions }));
for await (const found of store.readStream("cart-1", { as: { CartConfirmed: 1 } })) {
  if (found.type === "ItemAdded") same<string>()(found.data.sku);
  // @ts-expect-error -- the data of an older shape has no type
  else void found.data.channel;
}
// @ts-expect-error -- no type of the catalogue
store.readAll({ as: { CartConfirmed: 1 }, filter: { types: ["ItemAded"] } });
declare const readOptions: ReadAllOptions;
same<EventSequence>()(plain.readAll(readOptions));

// So with every library.
const libraries = defineEvents({ Zod: z.object({ a: z.number() }), Valibot: v.object({ a: v.number() }), Arktype: type({ a: "number" }) });
const ofLibraries = await openEventStore({ events: libraries });
same<EventSequence>()(ofLibraries.readAll({ raw: true }));
same<EventSequence<Event<"Zod"> | Event<"Valibot", { a: number }> | Event<"Arktype", { a: number }>>>()(ofLibraries.readAll({ as: { Zod: 1 } }));
same<EventSequence<Event<"Zod", { a: number }> | Event<"Valibot"> | Event<"Arktype">>>()(ofLibraries.readAll({ as: { Valibot: 1, Arktype: 1 } }));

// What takes any store takes this one.
declare function audit(any: EventStore): void;
declare function count(any: EventReaderWriter): void;
declare function within(any: StoreTransaction): void;
audit(store);
count(store);
await store.transaction(async (tx) => within(tx));

// @ts-expect-error -- no catalogue
void openEventStore({ events: { ItemAdded: event<{ sku: string }>() } });
// @ts-expect-error -- a misspelt word
void openEventStore({ events, unknownEvents: "ignore" });
