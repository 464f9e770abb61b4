import type { Order, OrderEvent } from "../events.ts";

/** An order, and how it has to end whatever happens to the shop meanwhile. */
export interface Story {
  readonly name: string;
  readonly order: Order;
  readonly ends: OrderEvent["type"];
  readonly money: readonly ("charge" | "refund")[];
}

/** The only order of its tenant. */
export const streamId = "order-1";

const tea: Order = { sku: "tea", cents: 450, card: "well-behaved", payWithinMs: 900_000 };
const shipped = { ends: "OrderShipped", money: ["charge"] } as const;
const refunded = { ends: "OrderCancelled", money: ["charge", "refund"] } as const;

export const stories: readonly Story[] = [
  { name: "the payment service fails", order: { ...tea, card: "fails" }, ...shipped },
  { name: "the payment service hangs", order: { ...tea, card: "hangs" }, ...shipped },
  { name: "the payment service answers twice", order: { ...tea, card: "answers-twice" }, ...shipped },
  { name: "the payment comes too late", order: { ...tea, card: "tells-late", payWithinMs: 50 }, ...refunded },
  { name: "the payment is declined", order: { ...tea, card: "declined" }, ends: "OrderCancelled", money: [] },
  { name: "there is nothing to ship", order: { ...tea, sku: "cake" }, ...refunded },
];
