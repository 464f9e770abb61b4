import type { EventMetadata, EventOf, EventSequence, JsonValue, RecordedEvent, StreamInfo } from "tidemark";
import { cartStore, same, store, type CartEvent, type ItemAdded } from "./cart.ts";

// Without type arguments data is unknown.
for await (const event of store.readStream("cart-1")) {
  same<string>()(event.type);
  same<unknown>()(event.data);
}

// A recorded event narrows by its type, and carries what the store added.
function describe(event: RecordedEvent<CartEvent>): string {
  switch (event.type) {
    case "ItemAdded":
      same<{ sku: string; quantity: number; price: number }>()(event.data);
      return event.data.sku;
    case "CartConfirmed":
      same<string>()(event.data.at);
      return event.data.at;
    default:
      same<never>()(event);
      return event;
  }
}
for await (const event of store.readStream<CartEvent>("cart-1", { fromVersion: 1, toVersion: 10, direction: "backward", limit: 5, asOf: new Date() })) {
  describe(event);
  same<number>()(event.version);
  same<number>()(event.position);
  same<Date>()(event.recordedAt);
  same<string>()(event.tenant);
  same<readonly string[]>()(event.tags);
  const metadata: EventMetadata = event.metadata;
  same<string | undefined>()(metadata.correlationId);
  same<JsonValue | undefined>()(metadata["mine"]);
}

same<EventSequence<CartEvent>>()(cartStore.readStream("cart-1"));
same<Promise<RecordedEvent<CartEvent>[]>>()(cartStore.readStream("cart-1").toArray());
same<AsyncIterable<readonly RecordedEvent<CartEvent>[]>>()(cartStore.readAll({ after: 5, until: 9 }).batches(500));

// A member of a union by its type; everything where the types are not known.
declare const added: EventOf<CartEvent, "ItemAdded">;
same<ItemAdded>()(added);

// Filters know the types of the events that are read.
cartStore.readAll({ filter: { types: ["ItemAdded"], categories: ["cart"], tags: ["cart:1"], streamIds: ["cart-1"], data: { sku: "A1" } } });
cartStore.readAll({ filter: [{ types: ["ItemAdded"] }, { types: ["CartConfirmed"] }], tenants: "all" });
store.readAll({ filter: { types: ["anything"] } });
// @ts-expect-error -- a type that no event of this store has
cartStore.readAll({ filter: { types: ["ItemRemoved"] } });
// @ts-expect-error -- a misspelt direction
store.readStream("cart-1", { direction: "forwards" });

// A fold's state comes from its initial state; its events from the store or the type arguments.
const folded = await cartStore.aggregateStream("cart-1", {
  initialState: () => ({ items: 0 }),
  evolve: (state, event) => (event.type === "ItemAdded" ? { items: state.items + event.data.quantity } : state),
  toVersion: 3,
});
same<{ readonly state: { items: number }; readonly version: number; readonly exists: boolean }>()(folded);
const counted = await store.aggregateStream<number, CartEvent>("cart-1", { initialState: () => 0, evolve: (total, event) => total + describe(event).length });
same<number>()(counted.state);

for await (const info of store.streams({ category: "cart", prefix: "cart-", after: "cart-1", limit: 5 })) same<StreamInfo>()(info);
const info = await store.streamInfo("cart-1");
same<Date | undefined>()(info.createdAt);
same<number | undefined>()(info.lastPosition);
same<RecordedEvent<CartEvent> | undefined>()(await cartStore.eventById("0198c0de-0000-7000-8000-000000000000"));
