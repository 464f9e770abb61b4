import { type Decider, decider } from "tidemark";
import type { Order, OrderEvent } from "./events.ts";

/** Takes an order. A customer who sends it again, because no answer came, gets the same order. */
export const placing: Decider<boolean, Order, OrderEvent> = decider<boolean, Order, OrderEvent>({
  name: "placing",
  initialState: () => false,
  evolve: () => true,
  decide: (order, placed) => (placed ? [] : [{ type: "OrderPlaced", data: order }]),
});
