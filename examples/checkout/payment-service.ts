// A payment service as there are many: it takes a request at once, and tells later what became of it. It keeps its word about money, but
// its answers are as unreliable as the world. Each card makes another kind of trouble:
//
//   fails          the first request is answered 503; at the second the connection breaks after the money has moved
//   hangs          the first request is never answered, though the money has moved
//   answers-twice  what became of the payment is told twice, at the same time
//   tells-late     what became of it is told only when the payment is cancelled
//   declined       there is no money
import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { bodyOf, postJson, serve } from "./http.ts";
import { type Booking, PaymentLedger, type PaymentRequest } from "./payment-ledger.ts";

/** What a shop is told, again and again until it answers 2xx. */
export interface Notification {
  /** The same each time that it is told. */
  readonly id: string;
  readonly order: string;
  readonly outcome: "received" | "declined";
}

export interface PaymentService {
  readonly url: string;
  /** What it did with money, in order. */
  readonly bookings: readonly Booking[];
  /** What it was asked for and what it told, line by line. */
  readonly diary: readonly string[];
  /** Has a shop told from now on; of several, the last one. */
  notify(url: string): void;
  /** Resolves once the shop has taken all that it was told. */
  told(): Promise<void>;
  close(): Promise<void>;
}

const tellAgainMs = 20;

export async function startPaymentService(): Promise<PaymentService> {
  const ledger = new PaymentLedger();
  const diary: string[] = [];
  const note = (text: string): void => void diary.push(`${new Date().toISOString()} ${text}`);
  /** How many requests there were of each payment. */
  const requests = new Map<string, number>();
  /** Of each payment, under which its shop is told, however often that is. */
  const notificationIds = new Map<string, string>();
  const telling = new Set<Promise<void>>();
  const over = new AbortController();
  let shop: string | undefined;

  async function tell(notification: Notification): Promise<void> {
    for (let taken = false; !taken && !over.signal.aborted;) {
      taken = shop !== undefined && (await postJson(shop, notification, over.signal));
      if (taken) note(`${notification.order} told: ${notification.outcome}`);
      if (!taken) await delay(tellAgainMs, undefined, { signal: over.signal }).catch(() => {});
    }
  }

  function tellOf(key: string, { order, card }: PaymentRequest): void {
    const id = notificationIds.get(key) ?? randomUUID();
    notificationIds.set(key, id);
    const notification: Notification = { id, order, outcome: card === "declined" ? "declined" : "received" };
    for (let times = card === "answers-twice" ? 2 : 1; times > 0; times--) {
      const told = tell(notification).finally(() => telling.delete(told));
      telling.add(told);
    }
  }

  function takeRequest(key: string, request: PaymentRequest, response: ServerResponse): void {
    const number = (requests.get(key) ?? 0) + 1;
    requests.set(key, number);
    if (request.card === "fails" && number === 1) return answer(response, 503);
    const outcome = ledger.request(key, request);
    note(`${request.order} request ${number} of ${key}: ${outcome}`);
    if ((outcome === "charged" || outcome === "declined") && request.card !== "tells-late") tellOf(key, request);
    if (request.card === "fails" && number === 2) return void response.destroy();
    if (request.card === "hangs" && number === 1) return;
    answer(response, outcome === "refused" ? 409 : 202);
  }

  function takeCancellation(key: string, response: ServerResponse): void {
    const payment = ledger.get(key);
    if (payment?.card === "tells-late") tellOf(key, payment);
    const refunded = ledger.cancel(key);
    note(`cancellation of ${key}: ${refunded ? "refunded" : "nothing to refund"}`);
    answer(response, 200, { refunded });
  }

  const { url, close } = await serve((message, response, path) => {
    const key = message.headers["idempotency-key"];
    if (typeof key !== "string") return answer(response, 400);
    if (path === "/cancellations") return takeCancellation(key, response);
    bodyOf<PaymentRequest>(message).then(
      (request) => takeRequest(key, request, response),
      () => answer(response, 400),
    );
  });
  return {
    url,
    bookings: ledger.bookings,
    diary,
    notify: (at) => void (shop = at),
    async told() {
      while (telling.size > 0) await Promise.all(telling);
    },
    async close() {
      over.abort();
      await close();
    },
  };
}

function answer(response: ServerResponse, status: number, body: object = {}): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
