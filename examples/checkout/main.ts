// Orders whose payment service fails, hangs, answers twice, answers too late, or declines: each is shipped and paid once, or cancelled and
// costs nothing.
// Run: node --conditions=source examples/checkout/main.ts (with DATABASE_URL on a server, else on an embedded PostgreSQL)
import { openShop } from "./shop.ts";
import { startPaymentService } from "./payment-service.ts";
import type { StockEvent } from "./events.ts";

const service = await startPaymentService();
const shop = await openShop({
  database: process.env["DATABASE_URL"],
  storeOptions: { schema: `checkout_${Date.now()}` },
  service,
  answerWithinMs: 300,
});
await shop.store.appendToStream<StockEvent>("stock-tea", [{ type: "StockArrived", data: { items: 10 } }]);

const cards = ["well-behaved", "fails", "hangs", "answers-twice", "tells-late", "declined"];
const orders = cards.map((card) => ({
  streamId: `order-${card}`,
  order: { sku: "tea", cents: 450, card, payWithinMs: card === "tells-late" ? 100 : 900_000 },
}));
orders.push({ streamId: "order-sold-out", order: { sku: "cake", cents: 300, card: "well-behaved", payWithinMs: 900_000 } });

for (const { streamId, order } of orders) await shop.place(streamId, order);
for (const { streamId } of orders) {
  const ended = await shop.end(streamId);
  const money = service.bookings.filter(({ order }) => order === streamId).map(({ kind, cents }) => `${kind} ${cents / 100}`);
  console.log(`${streamId}: ${ended}; ${money.length === 0 ? "no money moved" : money.join(", then ")}`);
}
await service.told();
await shop.close();
await service.close();
// => order-well-behaved: OrderShipped; charge 4.5
// => order-fails: OrderShipped; charge 4.5
// => order-hangs: OrderShipped; charge 4.5
// => order-answers-twice: OrderShipped; charge 4.5
// => order-tells-late: OrderCancelled; charge 4.5, then refund 4.5
// => order-declined: OrderCancelled; no money moved
// => order-sold-out: OrderCancelled; charge 3, then refund 3
