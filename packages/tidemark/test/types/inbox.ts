import type { AppendResult, EventStore, Received, ReceiveOptions, StoreTransaction } from "tidemark";
import { type CartEvent, same } from "./cart.ts";

declare const any: EventStore;
declare const store: EventStore<CartEvent>;

const confirmed = { type: "CartConfirmed", data: { at: "2026-11-29" } } as const;

// The result is that of the handler, which has the store inside a transaction.
same<Promise<Received<AppendResult>>>()(store.receive("message-1", (tx) => tx.appendToStream("cart-1", [confirmed])));
same<Promise<Received<number>>>()(any.receive("message-1", async () => 7, { keepMs: 60_000 }));
void store.receive("message-1", async (tx) => {
  same<StoreTransaction<CartEvent>>()(tx);
  await tx.publish({ topic: "mail", key: "a", payload: 1 });
});

// There is one where this call handled the message, and the time of the first call where it did not.
const received = await store.receive("message-1", async () => "done");
if (received.handled) received.result satisfies string;
else received.receivedAt satisfies Date;
// @ts-expect-error -- without a look at `handled`, there may be no result
void received.result;
// @ts-expect-error -- nor was it handled before
void received.receivedAt;

// @ts-expect-error -- no such event in this store
void store.receive("message-1", (tx) => tx.appendToStream("cart-1", [{ type: "CartExpired", data: {} }]));
// @ts-expect-error -- what is not awaited would be outside of the transaction
void store.receive("message-1", () => 7);
// @ts-expect-error -- ids are text
void store.receive(7, async () => {});
// @ts-expect-error -- a misspelt option
({ keepMS: 60_000 }) satisfies ReceiveOptions;
