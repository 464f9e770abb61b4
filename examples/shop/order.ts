import { decider, defineEvents, type InferEvents } from "tidemark";
import { z } from "zod";

export const item = z.object({ sku: z.string().min(1).max(64), cents: z.int().min(0).max(1_000_000) });

export const events = defineEvents({
  ItemAdded: item,
  OrderPlaced: z.object({ cents: z.int() }),
  /** Appended by the mailer, which gets OrderPlaced from the broker. */
  ConfirmationSent: z.object({ to: z.string() }),
});

export type OrderEvent = InferEvents<typeof events>;

export type OrderCommand = { readonly kind: "add"; readonly item: z.infer<typeof item> } | { readonly kind: "place" };

export interface Order {
  readonly skus: readonly string[];
  readonly cents: number;
  readonly placed: boolean;
}

/** What a customer may not do now: the request is at fault, not the shop. */
export class Refused extends Error {
  override readonly name = "Refused";
}

export const order = decider<Order, OrderCommand, OrderEvent>({
  initialState: () => ({ skus: [], cents: 0, placed: false }),
  evolve(state, event) {
    switch (event.type) {
      case "ItemAdded":
        return { ...state, skus: [...state.skus, event.data.sku], cents: state.cents + event.data.cents };
      case "OrderPlaced":
        return { ...state, placed: true };
      case "ConfirmationSent":
        return state;
    }
  },
  decide(command, { skus, cents, placed }) {
    if (placed) throw new Refused("The order is placed; nothing can be changed any more.");
    if (command.kind === "add") return [{ type: "ItemAdded", data: command.item }];
    if (skus.length === 0) throw new Refused("The order has no item.");
    return [{ type: "OrderPlaced", data: { cents } }];
  },
});
