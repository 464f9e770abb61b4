// The commonest mistakes, each below a part of what the compiler says of it. scripts/verify/types.test.ts compares, under each compiler.
import { aggregate, decider, defineEvents, documentProjection, event, type Event, type EventStore } from "tidemark";

type CartEvent = Event<"ItemAdded", { sku: string; price: number }> | Event<"CartConfirmed", { at: string }>;
interface CartSummary {
  readonly total: number;
  readonly customer: { readonly city: string };
}
interface CartState {
  readonly items: number;
}
declare const store: EventStore;

// An event that is not in the union.
// says: Did you mean '"ItemAdded"'?
void store.appendToStream<CartEvent>("cart-1", [{ type: "ItemAded", data: { sku: "tea", price: 1 } }]);
// Its data is another event's.
// says: 'at' does not exist in type '{ sku: string; price: number; }'
void store.appendToStream<CartEvent>("cart-1", [{ type: "ItemAdded", data: { at: "noon" } }]);
// A wrong path in where.
// says: '"customer.cty"' does not exist in type 'DocumentFilter<CartSummary>'
void store.documents<CartSummary>("carts").find({ where: { "customer.cty": "Pisa" } });
// A forgotten branch in evolve, by type.
// says: Property 'CartConfirmed' is missing
aggregate<CartState, CartEvent>({ category: "cart", initialState: () => ({ items: 0 }), evolve: { ItemAdded: (state) => state } });
// A forgotten branch in evolve, in a switch.
decider<CartState, "add", CartEvent>({
  initialState: () => ({ items: 0 }),
  // says: Type 'undefined' is not assignable to type 'CartState'
  evolve: (state, event) => {
    // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the mistake
    switch (event.type) {
      case "ItemAdded":
        return { items: state.items + 1 };
    }
  },
  decide: () => [],
});
// A misspelt option.
// says: 'expectedVerson' does not exist in type 'AppendOptions'. Did you mean to write 'expectedVersion'?
void store.appendToStream("cart-1", [], { expectedVerson: 3 });
// A handler that returns nothing.
documentProjection<CartSummary, CartEvent>({
  name: "p",
  mode: "inline",
  collection: "p",
  documentId: (event) => event.streamId,
  evolve: {
    // says: Type 'void' is not assignable to type 'CartSummary | null'
    ItemAdded: (document, event) => {
      console.log(document, event.data.price);
    },
  },
});
// A misspelt part of an event's definition.
// says: 'upcasts' does not exist in type
defineEvents({ ItemAdded: { schema: event<{ sku: string }>(), version: 2, upcasts: { 1: () => ({}) } } });
// An example that the schema does not accept.
// says: Type 'number' is not assignable to type 'string'
defineEvents({ ItemAdded: { schema: event<{ sku: string }>(), examples: [{ sku: 3 }] } });
