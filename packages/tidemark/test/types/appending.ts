import type { AppendResult, NewEvent, StreamAppend } from "tidemark";
import { cartStore, same, store, type CartEvent } from "./cart.ts";

const item = { sku: "A1", quantity: 2, price: 10 };
const stranger = { type: "Stranger", data: { anything: true } };

// Without type arguments any event is accepted.
same<Promise<AppendResult>>()(store.appendToStream("cart-1", [stranger, { type: "ItemAdded", data: item }]));

// With them each event is checked by its own type: its data belongs to it.
void store.appendToStream<CartEvent>("cart-1", [
  { type: "ItemAdded", data: item },
  { type: "CartConfirmed", data: { at: "now" }, id: "0198c0de-0000-7000-8000-000000000000", tags: ["cart:1"], metadata: { actorId: "ada", anything: 1 } },
]);
// @ts-expect-error -- no event of a cart
void store.appendToStream<CartEvent>("cart-1", [stranger]);
// @ts-expect-error -- the data of another event
void store.appendToStream<CartEvent>("cart-1", [{ type: "ItemAdded", data: { at: "now" } }]);
// @ts-expect-error -- no data
void store.appendToStream<CartEvent>("cart-1", [{ type: "ItemAdded" }]);
// @ts-expect-error -- price is missing
void store.appendToStream<CartEvent>("cart-1", [{ type: "ItemAdded", data: { sku: "A1", quantity: 1 } }]);
// @ts-expect-error -- metadata is JSON
void store.appendToStream<CartEvent>("cart-1", [{ type: "CartConfirmed", data: { at: "now" }, metadata: { when: new Date() } }]);

// A store of a catalogue checks without type arguments, and takes a narrower list of its own.
void cartStore.appendToStream("cart-1", [{ type: "ItemAdded", data: item }]);
// @ts-expect-error -- no event of this store
void cartStore.appendToStream("cart-1", [stranger]);
const decided: readonly NewEvent<CartEvent>[] = [{ type: "ItemAdded", data: item }];
void cartStore.appendToStream("cart-1", decided);
void store.appendToStream("cart-1", decided);

// Expectations.
for (const expectedVersion of [0, 5, "any", "no-stream", "stream-exists", { unchangedSince: 12 }] as const)
  void store.appendToStream("cart-1", decided, { expectedVersion });
// @ts-expect-error -- a misspelt word
void store.appendToStream("cart-1", decided, { expectedVersion: "no_stream" });
// @ts-expect-error -- no such option
void store.appendToStream("cart-1", decided, { expected: 1 });

// Several streams.
const appends: StreamAppend<CartEvent>[] = [
  { streamId: "cart-1", events: decided, expectedVersion: 7 },
  { streamId: "limits-1", events: [] },
];
same<Promise<readonly AppendResult[]>>()(cartStore.appendToStreams(appends, { signal: AbortSignal.timeout(1) }));
// @ts-expect-error -- no event of a cart
void store.appendToStreams<CartEvent>([{ streamId: "cart-1", events: [stranger] }]);

// By tags.
same<Promise<AppendResult>>()(store.append<CartEvent>([{ type: "ItemAdded", data: item, tags: ["cart:1"] }], { streamId: "cart-1" }));
