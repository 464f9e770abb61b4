import type { Event } from "../../model/event.ts";

/** What happens to a cart in the demo's shop. */
export type CartEvent =
  | Event<"ItemAdded", { readonly sku: string; readonly quantity: number; readonly price: number }>
  | Event<"ItemRemoved", { readonly sku: string; readonly quantity: number; readonly price: number }>
  | Event<"CartPaid", { readonly method: string }>
  | Event<"CartShipped", { readonly by: string }>;

export interface Cart {
  readonly items: ReadonlyMap<string, number>;
  readonly cents: number;
  readonly paid: boolean;
  readonly shippedBy: string | undefined;
}

export const emptyCart: Cart = { items: new Map(), cents: 0, paid: false, shippedBy: undefined };

/** The state of a cart after one more event. Money is counted in whole cents. */
export function evolve(cart: Cart, event: CartEvent): Cart {
  switch (event.type) {
    case "ItemAdded":
      return withItems(cart, event.data.sku, event.data.quantity, event.data.price);
    case "ItemRemoved":
      return withItems(cart, event.data.sku, -event.data.quantity, event.data.price);
    case "CartPaid":
      return { ...cart, paid: true };
    case "CartShipped":
      return { ...cart, shippedBy: event.data.by };
  }
}

function withItems(cart: Cart, sku: string, change: number, price: number): Cart {
  const items = new Map(cart.items).set(sku, (cart.items.get(sku) ?? 0) + change);
  if (items.get(sku) === 0) items.delete(sku);
  return { ...cart, items, cents: cart.cents + Math.round(change * price * 100) };
}
