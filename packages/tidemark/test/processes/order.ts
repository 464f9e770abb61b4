import { type Decider, defineProcess, type Effect, type Event, type Process, type RecordedEvent } from "tidemark";

export type OrderEvent =
  | Event<"OrderPlaced", { amount: number }>
  | Event<"PaymentReceived", { amount: number }>
  | Event<"PaymentRefused", { why: string }>
  | Event<"PaymentTimedOut", object>;

export type PaymentEvent = Event<"PaymentRequested", { amount: number }>;

export interface PaymentCommand {
  readonly amount: number;
}

/** Asks for a payment once. */
export const payment: Decider<boolean, PaymentCommand, PaymentEvent> = {
  name: "payment",
  initialState: () => false,
  evolve: () => true,
  decide({ amount }, requested) {
    if (requested) throw new Error("already requested");
    return [{ type: "PaymentRequested", data: { amount } }];
  },
};

export interface OrderState {
  readonly seen: readonly string[];
}

/** A process over orders whose reaction is the test's. */
export function ordering(
  react: (event: RecordedEvent<OrderEvent>, state: OrderState) => readonly Effect<OrderState>[],
  more: Partial<Parameters<typeof defineProcess<OrderState, OrderEvent>>[0]> = {},
): Process<OrderState, OrderEvent> {
  return defineProcess<OrderState, OrderEvent>({
    name: "ordering",
    handles: ["OrderPlaced", "PaymentReceived", "PaymentRefused", "PaymentTimedOut"],
    instanceId: (event) => event.streamId,
    initialState: () => ({ seen: [] }),
    evolve: ({ seen }, { type }) => ({ seen: [...seen, type] }),
    react,
    ...more,
  });
}

export const placed = (amount = 7): { readonly type: "OrderPlaced"; readonly data: { readonly amount: number } } => ({ type: "OrderPlaced", data: { amount } });
