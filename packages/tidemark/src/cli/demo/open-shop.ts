import { setTimeout as delay } from "node:timers/promises";
import { causedBy } from "../../commands/metadata.ts";
import type { EventStore } from "../../store/event-store.ts";
import { serveUntilSignal, type StudioOptions } from "../studio/serve.ts";
import type { Terminal } from "../terminal.ts";
import type { CartEvent } from "./cart.ts";

/** Shows the shop in the browser, and customers go on buying for as long as somebody looks. */
export async function openShop(store: EventStore<CartEvent>, cartOf: (customer: number) => string, studio: StudioOptions, terminal: Terminal): Promise<void> {
  // What an event caused can only be found with them.
  await store.indexes.create("causation");
  const closing = new AbortController();
  const shopping = goOn(store, cartOf, closing.signal);
  try {
    await serveUntilSignal(store, studio, terminal);
  } finally {
    closing.abort();
    await shopping;
  }
}

const skus = ["tea", "mug", "kettle", "honey"];

/** Three things go into a cart, and then it is paid and shipped; each of them because of the one before. */
async function goOn(store: EventStore<CartEvent>, cartOf: (customer: number) => string, closed: AbortSignal): Promise<void> {
  for (let customer = 100; !closed.aborted; customer++) {
    const cart = cartOf(customer);
    const events: readonly CartEvent[] = [
      ...[0, 1, 2].map((n): CartEvent => ({ type: "ItemAdded", data: { sku: skus[(customer + n) % skus.length] ?? "tea", quantity: 1 + n, price: 4.5 } })),
      { type: "CartPaid", data: { method: "card" } },
      { type: "CartShipped", data: { by: "Ada" } },
    ];
    for (const event of events) {
      const [before] = await store.readStream(cart, { direction: "backward", limit: 1 }).toArray();
      await store.appendToStream<CartEvent>(cart, [before ? { ...event, metadata: causedBy(before) } : event]);
      await delay(400, undefined, { signal: closed }).catch(() => {});
      if (closed.aborted) return;
    }
  }
}
