import { setTimeout as delay } from "node:timers/promises";
import { connect } from "amqplib";
import type { EventStore } from "tidemark";
import type { OrderEvent } from "./order.ts";

/** The exchange that the relay publishes to. */
export const exchange = "shop";
const queue = "confirmations";

/** Creates what a relay needs to be there: the exchange, and a queue behind it that keeps messages while nobody takes them. */
export async function createQueues(url: string): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  await channel.assertExchange(exchange, "topic", { durable: true });
  await channel.assertQueue(queue, { durable: true });
  await channel.bindQueue(queue, exchange, "order.OrderPlaced");
  await connection.close();
}

/**
 * A program of its own, which knows of orders what the broker tells it: it confirms each placed order once, however often its message comes.
 * It connects again by itself. Returns what ends it.
 */
export function startMailer(url: string, store: EventStore<OrderEvent>): () => Promise<void> {
  const ending = new AbortController();
  const run = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await takeMessages(url, store, ending.signal).catch((error: unknown) => console.error("The mailer waits for the broker:", String(error)));
      await delay(500, undefined, { signal: ending.signal }).catch(() => {});
    }
  };
  const running = run();
  return async () => {
    ending.abort();
    await running;
  };
}

/** Until the connection is lost, or the signal aborts. */
async function takeMessages(url: string, store: EventStore<OrderEvent>, signal: AbortSignal): Promise<void> {
  const connection = await connect(url);
  connection.on("error", () => {}); // "close" comes after it
  const lost = new Promise<"lost">((resolve) => connection.on("close", () => resolve("lost")));
  const channel = await connection.createChannel();
  await channel.prefetch(5);
  const handling = new Set<Promise<void>>();
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (message === null) return;
    const handled = confirm(store, message.properties.messageId, message.content.toString())
      .then(() => channel.ack(message))
      .catch((error: unknown) => {
        console.error(error);
        channel.nack(message);
      })
      // What cannot be acknowledged any more comes again, and is recognised.
      .catch(() => {})
      .finally(() => handling.delete(handled));
    handling.add(handled);
  });
  const left = new Promise<"left">((resolve) => signal.addEventListener("abort", () => resolve("left"), { once: true }));
  if (signal.aborted || (await Promise.race([lost, left])) === "left") {
    await channel.cancel(consumerTag);
    await Promise.all(handling);
    await connection.close();
  }
}

async function confirm(store: EventStore<OrderEvent>, messageId: string, cloudEvent: string): Promise<void> {
  const { subject }: { readonly subject: string } = JSON.parse(cloudEvent);
  await store.receive(messageId, (tx) => tx.appendToStream(subject, [{ type: "ConfirmationSent", data: { to: "customer@shop.example" } }]));
}
