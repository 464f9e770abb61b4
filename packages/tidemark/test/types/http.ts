import { defineEvents, event, type EventStore, type InferEvents, type RecordedEvent } from "tidemark";
import { serveLog } from "tidemark/http";
import { same } from "./cart.ts";

const events = defineEvents({ ItemAdded: event<{ sku: string }>(), CartConfirmed: event<{ total: number }>() });
type ShopEvent = InferEvents<typeof events>;

declare const typed: EventStore<ShopEvent>;
declare const untyped: EventStore;

// What clients see is made of the store's own events.
serveLog(typed, {
  authorize: () => ({}),
  map(found) {
    same<RecordedEvent<ShopEvent>>()(found);
    return found.type === "ItemAdded" ? { sku: found.data.sku } : undefined;
  },
});
serveLog(untyped, { authorize: () => ({}), map: ({ type, streamId, data }) => ({ type, streamId, data }) });
