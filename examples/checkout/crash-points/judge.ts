import assert from "node:assert/strict";
import type { EventStore } from "tidemark";
import type { PaymentService } from "../payment-service.ts";
import { type Story, streamId } from "./stories.ts";

/** Looks at everything that an order has led to. Returns what is not as it has to be. */
export async function judge(store: EventStore, { order, ends, money }: Story, service: PaymentService): Promise<string | undefined> {
  const typesOf = async (stream: string): Promise<readonly string[]> => (await store.readStream(stream).toArray()).map(({ type }) => type);
  const { status, timers, commands } = await store.processes.get("checkout", streamId);
  const shipped = ends === "OrderShipped";
  const payment = await typesOf(`payment-${streamId}`);
  const isRequest = (type: string): boolean => type === "PaymentRequested";
  const found = {
    order: await typesOf(streamId),
    money: service.bookings.map(({ kind }) => kind),
    payment: payment.filter((type) => !isRequest(type)).toSorted(),
    // None where the service told of the payment before its request was appended.
    requests: Math.max(payment.filter(isRequest).length, 1),
    taken: await typesOf(`stock-${order.sku}`),
    process: { status, timers: timers.length, open: commands.filter((one) => one.status === "pending" || one.status === "parked").length },
  };
  const cancelled = money.includes("refund");
  const told = order.card === "declined" ? "PaymentDeclined" : "PaymentReceived";
  const expected = {
    order: ["OrderPlaced", ends],
    money,
    payment: [...(cancelled ? ["PaymentCancelled"] : []), told],
    requests: 1,
    taken: [...(order.sku === "tea" ? ["StockArrived"] : []), ...(shipped ? ["StockTaken"] : [])],
    process: { status: "completed", timers: 0, open: 0 },
  };
  try {
    assert.deepEqual(found, expected);
    return undefined;
  } catch (error) {
    return String(error);
  }
}
