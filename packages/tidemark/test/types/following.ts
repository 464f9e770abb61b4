import type { EventStore, RecordedEvent, Subscription } from "tidemark";
import type { CartEvent } from "./cart.ts";

declare const any: EventStore;
declare const store: EventStore<CartEvent>;

// A subscription has the types of the store's events, or of those that are named, and narrows by type.
for await (const event of store.subscribe({ filter: { types: ["ItemAdded"] } })) {
  if (event.type === "ItemAdded") event.data.quantity satisfies number;
}
any.subscribe<CartEvent>() satisfies Subscription<CartEvent>;
any.subscribe<CartEvent>().batches(10) satisfies AsyncIterable<readonly RecordedEvent<CartEvent>[]>;
any.subscribe({ after: "end", onCaughtUp: (position) => position satisfies number });

// @ts-expect-error -- no such event in this store
store.subscribe({ filter: { types: ["ItemAdde"] } });
// @ts-expect-error -- a place in the log is a number, or its end
store.subscribe({ after: "beginning" });
