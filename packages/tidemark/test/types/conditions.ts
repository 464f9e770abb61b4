import { type Boundary, type BoundaryDecider, type BoundaryQuery, executeCommand, type NewEvent, type RecordedEvent, type StreamsResult } from "tidemark";
import { type CartConfirmed, type CartEvent, cartStore, same, store } from "./cart.ts";

const item = { sku: "A1", quantity: 2, price: 10 };
const decided: readonly NewEvent<CartEvent>[] = [{ type: "ItemAdded", data: item, tags: ["cart:1"] }];

// A boundary's events are those of the type argument, or those of the store that the query's types find.
const { events, boundary } = await store.readBoundary<CartEvent>([{ types: ["ItemAdded"], tags: ["cart:1"] }], { signal: AbortSignal.timeout(1) });
same<readonly RecordedEvent<CartEvent>[]>()(events);
same<Boundary>()(boundary);
for (const event of events) if (event.type === "CartConfirmed") same<string>()(event.data.at);
same<readonly RecordedEvent<CartConfirmed>[]>()((await cartStore.readBoundary([{ types: ["CartConfirmed"] }])).events);
void store.transaction((tx) => tx.readBoundary([{ tags: ["cart:1"] }]));
void store.readBoundary([]);
void store.readBoundary([{}]);

// @ts-expect-error -- no event of a cart
void store.readBoundary<CartEvent>([{ types: ["ItemRemoved"] }]);
// @ts-expect-error -- no event of this store
void cartStore.readBoundary([{ types: ["ItemRemoved"] }]);
// @ts-expect-error -- types and tags only
void store.readBoundary([{ categories: ["cart"] }]);
// @ts-expect-error -- an array of alternatives
void store.readBoundary({ tags: ["cart:1"] });

// A condition begins at a boundary, at a position, or at the beginning. It may have been JSON meanwhile.
const query: BoundaryQuery<CartEvent> = [{ types: ["ItemAdded"], tags: ["cart:1"] }];
void store.append<CartEvent>(decided, { condition: { query, after: boundary } });
void store.append<CartEvent>(decided, { condition: { query, after: 12 }, streamId: "cart-1" });
void cartStore.append(decided, { condition: { query: [{ types: ["ItemAdded"] }] } });
const carried: Boundary = JSON.parse(JSON.stringify(boundary));
void store.append(decided, { condition: { query, after: carried } });
// @ts-expect-error -- no event of a cart
void store.append<CartEvent>(decided, { condition: { query: [{ types: ["ItemRemoved"] }] } });
// @ts-expect-error -- no event of this store
void cartStore.append(decided, { condition: { query: [{ types: ["ItemRemoved"] }] } });
// @ts-expect-error -- a condition has a query
void store.append(decided, { condition: { after: boundary } });
// @ts-expect-error -- a boundary, not its text
void store.append(decided, { condition: { query, after: JSON.stringify(boundary) } });

// A decider by query: its types are its arguments'.
interface Add {
  readonly sku: string;
}
const add: BoundaryDecider<number, Add, CartEvent> = {
  query: ({ sku }) => [{ types: ["ItemAdded"], tags: [`sku:${sku}`] }],
  initialState: () => 0,
  evolve: (count, event) => (event.type === "ItemAdded" ? count + event.data.quantity : count),
  decide: ({ sku }, count) => (count > 0 ? [] : [{ type: "ItemAdded", data: { ...item, sku }, tags: [`sku:${sku}`] }]),
  streamId: ({ sku }) => `stock-${sku}`,
};
same<Promise<StreamsResult<number, CartEvent>>>()(executeCommand(store, add, { sku: "tea" }, { retry: { attempts: 2 } }));
void executeCommand(cartStore, add, { sku: "tea" });
void store.transaction((tx) => executeCommand(tx, { ...add, query, streamId: "stock" }, { sku: "tea" }));
// @ts-expect-error -- a part of the command is missing
void executeCommand(store, add, {});
// @ts-expect-error -- no event of a cart
void executeCommand(store, { ...add, query: [{ types: ["ItemRemoved"] }] }, { sku: "tea" });
// @ts-expect-error -- no query
const without: BoundaryDecider<number, Add, CartEvent> = { initialState: add.initialState, evolve: add.evolve, decide: add.decide };
void without;
