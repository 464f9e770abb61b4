import { type Event, type MultiStreamDecider } from "tidemark";
import type { OrderEvent, StockEvent } from "./events.ts";

export interface ShipmentCommand {
  readonly order: string;
  readonly sku: string;
}

interface ShipmentState {
  readonly inStock: number;
  readonly over: boolean;
}

type ShipmentEvent = OrderEvent | StockEvent;

/** Takes an item from the stock and ships it, in one append to both streams. Refuses if there is none. */
export const shipment: MultiStreamDecider<ShipmentState, ShipmentCommand, ShipmentEvent> = {
  name: "shipment",
  reads: ({ order, sku }) => [order, `stock-${sku}`],
  initialState: () => ({ inStock: 0, over: false }),
  evolve(state, event) {
    if (event.type === "StockArrived") return { ...state, inStock: state.inStock + event.data.items };
    if (event.type === "StockTaken") return { ...state, inStock: state.inStock - 1 };
    return event.type === "OrderPlaced" ? state : { ...state, over: true };
  },
  decide({ order, sku }, { inStock, over }) {
    if (over) return [];
    if (inStock === 0) throw new Error(`there is no ${sku}`);
    const taken: Event<"StockTaken", { readonly order: string }> = { type: "StockTaken", data: { order } };
    return [
      { streamId: order, events: [{ type: "OrderShipped", data: { sku } }] },
      { streamId: `stock-${sku}`, events: [taken] },
    ];
  },
};
