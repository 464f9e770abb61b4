import {
  defineRelay,
  type EventStore,
  type MessageState,
  type NewMessage,
  type OutboxMessage,
  type OutboxQuery,
  type OutboxStats,
  type PublishedMessage,
  type Sink,
  type StoreTransaction,
} from "tidemark";
import { type CartEvent, same } from "./cart.ts";

declare const store: EventStore<CartEvent>;
declare const tx: StoreTransaction<CartEvent>;
declare const to: Sink;
declare const state: MessageState;

// A message is published in a transaction, the user's own too, and only there; its payload is of any type, whatever the store's events are.
same<Promise<PublishedMessage>>()(tx.publish({ topic: "mail", key: "customer-7", payload: { template: "welcome" } }));
same<Promise<PublishedMessage>>()(
  store.transaction(
    async (within) => await within.publish({ topic: "mail", key: "a", payload: null, headers: { "x-kind": "thanks" }, id: crypto.randomUUID() }),
  ),
);
void store.withTransaction(Reflect.get({}, "client")).publish({ topic: "mail", key: "a", payload: [1, "two"] });
void tx.publish({ topic: "mail", key: "a", payload: 1 }).then(({ id, repeated }) => [id satisfies string, repeated satisfies boolean]);

// @ts-expect-error -- outside of a transaction nothing says what it belongs to
store.publish({ topic: "mail", key: "a", payload: 1 });
// @ts-expect-error -- a message has a key, which its order goes by
void tx.publish({ topic: "mail", payload: 1 });
// @ts-expect-error -- and a topic
void tx.publish({ key: "a", payload: 1 });
// @ts-expect-error -- and a payload
({ topic: "mail", key: "a" }) satisfies NewMessage;
// @ts-expect-error -- headers are text
void tx.publish({ topic: "mail", key: "a", payload: 1, headers: { attempt: 1 } });
// @ts-expect-error -- a misspelt part
void tx.publish({ topic: "mail", key: "a", payload: 1, headres: {} });
// @ts-expect-error -- it is no event, and has no stream
void tx.publish({ topic: "mail", streamId: "a", key: "a", payload: 1 });

// What became of messages.
same<Promise<readonly OutboxMessage[]>>()(store.outbox.list({ state: "failed", topic: "mail", key: "a", after: 0, limit: 10 }));
same<Promise<OutboxStats>>()(store.outbox.stats());
same<Promise<number>>()(store.outbox.cleanUp({ keepMs: 0 }));
same<"pending" | "published" | "failed" | "parked">()(state);
// @ts-expect-error -- no such state
({ state: "sent" }) satisfies OutboxQuery;

// A relay of the outbox names topics, and not types of events.
defineRelay({ name: "mail", source: "outbox", topics: ["mail"], keepMs: 86_400_000, to });
// @ts-expect-error -- there are two sources
defineRelay({ name: "mail", source: "messages", to });
