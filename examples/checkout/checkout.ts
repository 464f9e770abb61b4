import { append, cancelTimer, command, complete, type Decider, defineProcess, type Effect, type Process, timer } from "tidemark";
import type { OrderEvent, PaymentEvent, PaymentTimedOut } from "./events.ts";
import type { PaymentCommand } from "./payment.ts";
import { shipment } from "./shipment.ts";

export type CheckoutInput = OrderEvent | Extract<PaymentEvent, { type: "PaymentReceived" | "PaymentDeclined" }> | PaymentTimedOut;

export interface CheckoutState {
  readonly step: "waiting" | "paid" | "declined" | "timed out" | "over";
  /** The order's stream. */
  readonly order: string;
  readonly sku: string;
  /** Names the payment to the service. */
  readonly key: string;
}

/** What comes first decides; what comes later finds the order out of this step. */
const afterWaiting = { PaymentReceived: "paid", PaymentDeclined: "declined", PaymentTimedOut: "timed out" } as const;

/** From an order to its shipment, or to its cancellation with the money given back. */
export function checkout<PaymentState>(payment: Decider<PaymentState, PaymentCommand, PaymentEvent>): Process<CheckoutState, CheckoutInput> {
  return defineProcess<CheckoutState, CheckoutInput>({
    name: "checkout",
    handles: ["OrderPlaced", "OrderShipped", "OrderCancelled", "PaymentReceived", "PaymentDeclined", "PaymentTimedOut"],
    instanceId: (event) => (event.type === "PaymentReceived" || event.type === "PaymentDeclined" ? event.data.order : event.streamId),
    initialState: () => ({ step: "over", order: "", sku: "", key: "" }),
    evolve(state, event) {
      switch (event.type) {
        case "OrderPlaced":
          // The id of this input is the same whenever it is handled, and no other payment has it.
          return { step: "waiting", order: event.streamId, sku: event.data.sku, key: event.id };
        case "OrderShipped":
        case "OrderCancelled":
          return { ...state, step: "over" };
        default:
          return state.step === "waiting" ? { ...state, step: afterWaiting[event.type] } : state;
      }
    },
    react(event, { step, order, sku, key }) {
      const money = `payment-${order}`;
      const cancelOrder = (why: string): Effect => append<OrderEvent>(order, [{ type: "OrderCancelled", data: { why } }]);
      const cancelPayment = command(payment, money, { kind: "cancel", key });
      switch (event.type) {
        case "OrderPlaced":
          return [
            timer("payment", { in: event.data.payWithinMs }, { type: "PaymentTimedOut", data: { order } }),
            command(
              payment,
              money,
              { kind: "request", key, order, cents: event.data.cents, card: event.data.card },
              { orElse: (error) => [cancelOrder(messageOf(error))] },
            ),
          ];
        case "PaymentReceived":
          // The compensation: the money goes back before the order is cancelled.
          if (step === "paid")
            return [cancelTimer("payment"), command(shipment, { order, sku }, { orElse: (error) => [cancelPayment, cancelOrder(messageOf(error))] })];
          break;
        case "PaymentDeclined":
          if (step === "declined") return [cancelOrder("the payment was declined")];
          break;
        case "PaymentTimedOut":
          // The service may have the money and not have told it yet.
          if (step === "timed out") return [cancelPayment, cancelOrder("nobody paid in time")];
          break;
        default:
          return [complete()];
      }
      return [];
    },
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
