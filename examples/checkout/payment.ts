import { type Decider, decider } from "tidemark";
import type { PaymentEvent } from "./events.ts";

/** `key` names the payment to the service, whichever try of the command this is. */
export type PaymentCommand =
  | { readonly kind: "request"; readonly key: string; readonly order: string; readonly cents: number; readonly card: string }
  | { readonly kind: "cancel"; readonly key: string };

type PaymentState = "new" | "requested" | "answered" | "cancelled";

const next: Readonly<Record<PaymentEvent["type"], PaymentState>> = {
  PaymentRequested: "requested",
  PaymentReceived: "answered",
  PaymentDeclined: "answered",
  PaymentCancelled: "cancelled",
};

/** Asks the service at `url`. It is given up after `timeoutMs`, and asked again by the process. */
export function paymentDecider(url: string, timeoutMs: number): Decider<PaymentState, PaymentCommand, PaymentEvent> {
  /** An error that says `retryable` is the outside's: the command is tried again. Any other one refuses it. */
  async function post(path: string, key: string, body: object): Promise<unknown> {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { "idempotency-key": key, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) throw Object.assign(new Error(`the payment service answered ${response.status}`), { retryable: response.status >= 500 });
    return await response.json();
  }

  return decider<PaymentState, PaymentCommand, PaymentEvent>({
    name: "payment",
    initialState: () => "new",
    // The service may tell of a payment before the event that requests it is appended.
    evolve: (state, { type }) => (state === "answered" && type === "PaymentRequested" ? state : next[type]),
    async decide(command, state) {
      const { key } = command;
      if (command.kind === "request") {
        if (state !== "new") return [];
        const { order, cents, card } = command;
        await post("/payments", key, { order, cents, card });
        return [{ type: "PaymentRequested", data: { key } }];
      }
      if (state === "cancelled") return [];
      const answer = await post("/cancellations", key, {});
      return [
        { type: "PaymentCancelled", data: { refunded: typeof answer === "object" && answer !== null && "refunded" in answer && answer.refunded === true } },
      ];
    },
  });
}
