import type { Event } from "tidemark";

/** What a customer orders. */
export interface Order {
  readonly sku: string;
  readonly cents: number;
  /** How the customer pays. The payment service has cards that make trouble. */
  readonly card: string;
  /** How long the order waits for its payment, in milliseconds. */
  readonly payWithinMs: number;
}

/** In `order-…`, and the stock's in `stock-…`. */
export type OrderEvent = Event<"OrderPlaced", Order> | Event<"OrderShipped", { readonly sku: string }> | Event<"OrderCancelled", { readonly why: string }>;
export type StockEvent = Event<"StockArrived", { readonly items: number }> | Event<"StockTaken", { readonly order: string }>;

/** In `payment-…`. What the service tells names the order. */
export type PaymentEvent =
  | Event<"PaymentRequested", { readonly key: string }>
  | Event<"PaymentCancelled", { readonly refunded: boolean }>
  | Event<"PaymentReceived", { readonly order: string }>
  | Event<"PaymentDeclined", { readonly order: string }>;

/** Appended by the timer of an order that nobody has paid. */
export type PaymentTimedOut = Event<"PaymentTimedOut", { readonly order: string }>;
