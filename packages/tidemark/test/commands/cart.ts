import type { Decider, Event } from "../../src/index.ts";

export type CartEvent = Event<"ItemAdded", { readonly sku: string }> | Event<"CartConfirmed", { readonly items: number }>;
export type CartCommand = { readonly kind: "add"; readonly sku: string } | { readonly kind: "confirm" };
export interface CartState {
  readonly items: readonly string[];
  readonly confirmed: boolean;
}

export class CartClosedError extends Error {}

export const cart: Decider<CartState, CartCommand, CartEvent> = {
  initialState: () => ({ items: [], confirmed: false }),
  evolve: (state, event) => {
    switch (event.type) {
      case "ItemAdded":
        return { ...state, items: [...state.items, event.data.sku] };
      case "CartConfirmed":
        return { ...state, confirmed: true };
    }
  },
  decide: (command, state) => {
    if (state.confirmed) throw new CartClosedError("the cart is confirmed");
    switch (command.kind) {
      case "add":
        return state.items.includes(command.sku) ? [] : [{ type: "ItemAdded", data: { sku: command.sku } }];
      case "confirm":
        return [{ type: "CartConfirmed", data: { items: state.items.length } }];
    }
  },
};

export const add = (sku: string): CartCommand => ({ kind: "add", sku });
export const confirm: CartCommand = { kind: "confirm" };

/** The cart, with something done before its decisions: `between(1)` before the first. */
export function interrupted(between: (decision: number) => unknown): Decider<CartState, CartCommand, CartEvent> {
  let decisions = 0;
  return {
    ...cart,
    decide: async (command, state) => {
      await between(++decisions);
      return cart.decide(command, state);
    },
  };
}
