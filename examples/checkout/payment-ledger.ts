/** What the shop asks the payment service for. */
export interface PaymentRequest {
  readonly order: string;
  readonly cents: number;
  readonly card: string;
}

export interface Booking {
  readonly order: string;
  readonly kind: "charge" | "refund";
  readonly cents: number;
}

interface Payment extends PaymentRequest {
  state: "charged" | "declined" | "refunded";
}

/** The money that the payment service moves. It knows a payment by its idempotency key, so that asking again moves nothing. */
export class PaymentLedger {
  /** In order. */
  readonly bookings: Booking[] = [];
  readonly #payments = new Map<string, Payment>();
  /** Keys of payments that were cancelled before they were requested. */
  readonly #refused = new Set<string>();

  /** What becomes of the payment; "known" where it was requested before, and "refused" where it was cancelled first. */
  request(key: string, request: PaymentRequest): "charged" | "declined" | "known" | "refused" {
    if (this.#refused.has(key)) return "refused";
    if (this.#payments.has(key)) return "known";
    const state = request.card === "declined" ? "declined" : "charged";
    this.#payments.set(key, { ...request, state });
    if (state === "charged") this.#book(request, "charge");
    return state;
  }

  /** Gives the money back, if there is any. Returns whether it has been given back, by this cancellation or an earlier one. */
  cancel(key: string): boolean {
    const payment = this.#payments.get(key);
    if (!payment) this.#refused.add(key);
    if (payment?.state === "charged") {
      payment.state = "refunded";
      this.#book(payment, "refund");
    }
    return payment?.state === "refunded";
  }

  get(key: string): PaymentRequest | undefined {
    return this.#payments.get(key);
  }

  #book({ order, cents }: PaymentRequest, kind: Booking["kind"]): void {
    this.bookings.push({ order, kind, cents });
  }
}
