// The shop: a store, a worker that runs the process, and an address at which the payment service tells what became of a payment.
import { type EventStore, handleCommand, openEventStore, type StopOptions, type StoreOptions } from "tidemark";
import { checkout } from "./checkout.ts";
import type { Order, OrderEvent, PaymentEvent } from "./events.ts";
import { bodyOf, serve } from "./http.ts";
import { placing } from "./order.ts";
import { paymentDecider } from "./payment.ts";
import type { Notification, PaymentService } from "./payment-service.ts";

export interface ShopOptions {
  /** Its address; undefined: an embedded one. */
  readonly database: string | undefined;
  readonly storeOptions?: StoreOptions;
  readonly tenant?: string;
  readonly service: Pick<PaymentService, "url" | "notify">;
  /** How long the service may take to answer, in milliseconds. */
  readonly answerWithinMs?: number;
}

export interface Shop {
  readonly store: EventStore;
  /** @param streamId - `order-…` */
  place(streamId: string, order: Order): Promise<void>;
  /** Resolves to how an order ended, once all that it led to is done. */
  end(streamId: string): Promise<OrderEvent["type"] | undefined>;
  close(options?: StopOptions): Promise<void>;
}

export async function openShop({ database, storeOptions = {}, tenant, service, answerWithinMs = 5_000 }: ShopOptions): Promise<Shop> {
  const opened = await (database === undefined ? openEventStore(storeOptions) : openEventStore(database, storeOptions));
  const store = tenant === undefined ? opened : opened.forTenant(tenant);
  const closing = new AbortController();
  const worker = store.createWorker({
    processes: [checkout(paymentDecider(service.url, answerWithinMs))],
    leaseMs: 1_000,
  });
  const { url, close: closeDesk } = await serve((message, response) => {
    bodyOf<Notification>(message)
      .then((notification) => record(store, notification))
      .then(
        () => response.writeHead(204).end(),
        // The service tells it again.
        () => response.writeHead(503).end(),
      );
  });
  const close = async (options?: StopOptions): Promise<void> => {
    closing.abort();
    await closeDesk();
    await worker.stop(options).catch(() => {});
    await opened.close(options);
  };
  service.notify(url);
  try {
    await worker.start();
  } catch (error) {
    await close({ timeoutMs: 0 });
    throw error;
  }
  return {
    store,
    async place(streamId, order) {
      await handleCommand(store, placing, streamId, order);
    },
    async end(streamId) {
      const filter = { streamIds: [streamId], types: ["OrderShipped", "OrderCancelled"] } as const;
      for await (const { type } of store.subscribe<OrderEvent>({ after: 0, filter, signal: closing.signal })) {
        await worker.caughtUp();
        return type;
      }
      return undefined;
    },
    close,
  };
}

/** A notification that comes again has the same id, so it is appended once. */
async function record(store: EventStore, { id, order, outcome }: Notification): Promise<void> {
  const type = outcome === "received" ? "PaymentReceived" : "PaymentDeclined";
  await store.appendToStream<PaymentEvent>(`payment-${order}`, [{ id, type, data: { order } }]);
}
