import { serve } from "@hono/node-server";
import { defineRelay, type EventStore, openEventStore } from "tidemark";
import { serveLog } from "tidemark/http";
import { rabbitmq } from "tidemark/rabbitmq";
import { shopApi } from "./api.ts";
import { createQueues, exchange, startMailer } from "./mailer.ts";
import { events, type OrderEvent } from "./order.ts";

export interface ShopOptions {
  /** `postgres://…`; undefined: an embedded PostgreSQL, in memory. */
  readonly database: string | undefined;
  readonly schema?: string;
  /** `amqp://…` */
  readonly broker: string;
  /** 0: any. */
  readonly port: number;
}

export interface Shop {
  readonly url: string;
  readonly store: EventStore<OrderEvent>;
  close(): Promise<void>;
}

/** Opens the shop: its API and live page, the relay that publishes placed orders, and the mailer that confirms them. */
export async function openShop({ database, schema = "shop", broker, port }: ShopOptions): Promise<Shop> {
  const options = { schema, events };
  const store = await (database === undefined ? openEventStore(options) : openEventStore(database, options));
  await createQueues(broker);
  const relay = defineRelay<OrderEvent>({
    name: "placed-orders",
    events,
    filter: { types: ["OrderPlaced"] },
    to: rabbitmq({ url: broker, exchange }),
  });
  const worker = store.createWorker({ relays: [relay], onError: (error) => console.error(`${error.code}: ${error.message}`) });
  await worker.start();
  const endMailer = startMailer(broker, store);

  const log = serveLog(store, {
    path: "/events",
    // Everybody may see what is ordered here. A shop of yours asks who the request is from.
    authorize: () => ({ filter: { categories: ["order"] } }),
    map: ({ type, streamId, data }) => ({ type, streamId, data }),
  });
  const { fetch } = shopApi(store, log);
  const listening = Promise.withResolvers<number>();
  const server = serve({ fetch, port, hostname: "127.0.0.1" }, (address) => listening.resolve(address.port));
  server.on("error", listening.reject);
  return {
    url: `http://127.0.0.1:${await listening.promise}`,
    store,
    async close() {
      await log.close();
      await new Promise((closed) => server.close(closed));
      await endMailer();
      await worker.stop();
      await store.close();
    },
  };
}
