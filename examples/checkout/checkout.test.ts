import { append, cancelTimer, command, complete, timer } from "tidemark";
import { scenario } from "tidemark/testing";
import { expect, test } from "vitest";
import { checkout } from "./checkout.ts";
import { paymentDecider } from "./payment.ts";
import { shipment } from "./shipment.ts";

// No test here asks it.
const payment = paymentDecider("http://127.0.0.1:1", 1);
const process = checkout(payment);
const order = "order-1";
const money = `payment-${order}`;
const id = "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78";
const placed = { streamId: order, id, type: "OrderPlaced", data: { sku: "tea", cents: 450, card: "any", payWithinMs: 900_000 } } as const;
const received = { streamId: money, type: "PaymentReceived", data: { order } } as const;
const declined = { streamId: money, type: "PaymentDeclined", data: { order } } as const;
const cancelPayment = command(payment, money, { kind: "cancel", key: id });
const cancelOrder = (why: string): ReturnType<typeof append> => append(order, [{ type: "OrderCancelled", data: { why } }]);

test.for([
  [
    "asks for its payment, under a key that stays the same, and waits 15 minutes",
    () =>
      scenario(process)
        .given([])
        .when(placed)
        .then([
          timer("payment", { in: 900_000 }, { type: "PaymentTimedOut", data: { order } }),
          command(payment, money, { kind: "request", key: id, order, cents: 450, card: "any" }),
        ]),
  ],
  [
    "that is paid is shipped",
    () =>
      scenario(process)
        .given([placed])
        .when(received)
        .then([cancelTimer("payment"), command(shipment, { order, sku: "tea" })]),
  ],
  [
    "that is paid and cannot be shipped gives the money back before it is cancelled",
    () =>
      scenario(process)
        .given([placed])
        .when(received)
        .whenRefused(shipment, new Error("there is no tea"))
        .then([cancelPayment, cancelOrder("there is no tea")]),
  ],
  [
    "whose payment is declined is cancelled",
    () =>
      scenario(process)
        .given([placed])
        .when(declined)
        .then([cancelOrder("the payment was declined")]),
  ],
  [
    "whose payment the service refuses is cancelled",
    () =>
      scenario(process)
        .given([])
        .when(placed)
        .whenRefused(payment, new Error("the payment service answered 400"))
        .then([cancelOrder("the payment service answered 400")]),
  ],
  [
    "that nobody pays in time cancels the payment, which may be under way, and then itself",
    () =>
      scenario(process)
        .given([placed])
        .whenTimerFires("payment")
        .then([cancelPayment, cancelOrder("nobody paid in time")]),
  ],
  ["that is paid too late is not shipped", () => scenario(process).given([placed, declined]).when(received).then([])],
  [
    "that is cancelled is over, and waits for nothing",
    () =>
      scenario(process)
        .given([placed])
        .when({ streamId: order, type: "OrderCancelled", data: { why: "any" } })
        .then([complete()]),
  ],
] as const)("an order %s", async ([, play]) => {
  await expect(play()).resolves.toBeUndefined();
});
