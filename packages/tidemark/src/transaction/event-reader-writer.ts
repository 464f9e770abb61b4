import type { QueryResult } from "../model/calls.ts";
import type { DriverClient } from "../model/driver.ts";
import type { Event } from "../model/event.ts";
import type { NewMessage, PublishedMessage } from "../outbox/message.ts";
import type { AppendingCalls } from "./appending-calls.ts";
import type { ReadingCalls } from "./reading-calls.ts";

/**
 * The calls that work both on the store and inside a transaction.
 *
 * @example
 * ```ts
 * export async function addTea(target: EventReaderWriter): Promise<void> {
 *   await target.appendToStream("cart-tea", [itemAdded]);
 * }
 * await addTea(store);
 * await store.transaction((tx) => addTea(tx));
 * ```
 */
export interface EventReaderWriter<Events extends Event = Event, Input extends Event = Events> extends AppendingCalls<Input>, ReadingCalls<Events> {}

/**
 * The store inside a transaction: its appends commit and roll back with everything else in it.
 *
 * @example
 * ```ts
 * await store.transaction(async (tx: StoreTransaction) => {
 *   await tx.appendToStream("order-5", [{ type: "OrderPlaced", data: {} }]);
 *   await tx.query("select 1");
 * });
 * ```
 */
export interface StoreTransaction<Events extends Event = Event, Input extends Event = Events> extends EventReaderWriter<Events, Input> {
  /** Runs a statement with the driver's own types in and out. */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>>;
  /**
   * Publishes a message that is no event with this transaction: relays with `source: "outbox"` deliver it once the transaction has committed, and never
   * if it does not. At least once, and in the order of the `publish` calls among messages with the same key; those of transactions that run side by side have
   * one order for all readers, too. Like an append, a transaction that has published holds the high-water mark back until it ends.
   *
   * In a transaction of your own (`withTransaction`), call `store.wake()` after its commit; otherwise relays find the message within a second.
   * An inline projection may not publish.
   *
   * @throws {@link InvalidArgumentError}, {@link EventTooLargeError} — rejected before anything was sent.
   * @throws {@link SequenceBehindError}, {@link DatabaseError} — nothing was written, and the transaction has failed.
   *
   * @example
   * ```ts
   * await store.transaction(async (tx) => {
   *   await tx.appendToStream("order-9", [{ type: "OrderPlaced", data: {} }]);
   *   await tx.publish({ topic: "mail", key: "customer-7", payload: { template: "thanks" } });
   * });
   * ```
   */
  publish(message: NewMessage): Promise<PublishedMessage>;
  /** The driver's own client, inside this transaction: give it to your ORM. */
  readonly client: DriverClient;
}
