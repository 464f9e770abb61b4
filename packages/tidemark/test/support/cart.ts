import type { Event, NewEvent } from "../../src/index.ts";

/** The one domain of the tests. */
export type CartEvent =
  | Event<"ItemAdded", { readonly sku: string; readonly quantity: number; readonly price: number }>
  | Event<"CartConfirmed", { readonly at: string }>;

export function itemAdded(sku = "tea", quantity = 1, price = 4.5): NewEvent<CartEvent> {
  return { type: "ItemAdded", data: { sku, quantity, price } };
}

export const confirmed: NewEvent<CartEvent> = { type: "CartConfirmed", data: { at: "2026-11-20T10:00:00Z" } };
