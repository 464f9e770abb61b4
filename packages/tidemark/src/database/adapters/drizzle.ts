import { InvalidArgumentError } from "../../errors/errors.ts";
import type { TransactionClient } from "../transaction-client.ts";

/**
 * Joins a Drizzle transaction, for `store.withTransaction(fromDrizzle(tx))`. Works with `drizzle-orm/node-postgres` and
 * `drizzle-orm/pglite`, 0.45 and 1.0. It returns the driver's own client, so Drizzle's mappings do not apply.
 *
 * @param tx - The argument of the callback of `db.transaction(async (tx) => …)`.
 * @throws {@link InvalidArgumentError} — `tx` is not a Drizzle transaction, or is one on another driver.
 *
 * @example
 * ```ts
 * export async function place(db: DrizzleDatabase): Promise<void> {
 *   await db.transaction(async (tx) => {
 *     await store.withTransaction(fromDrizzle(tx)).appendToStream("cart-1", [itemAdded]);
 *   });
 * }
 * ```
 */
// oxlint-disable-next-line no-explicit-any -- each of Drizzle's drivers takes its own query type here
export function fromDrizzle(tx: { execute(query: any): unknown }): TransactionClient {
  const session: unknown = tx instanceof Object && "session" in tx ? tx.session : undefined;
  const client: unknown = session instanceof Object && "client" in session ? session.client : undefined;
  if (!hasQuery(client)) throw new InvalidArgumentError("tx", "is not a transaction of drizzle-orm/node-postgres or drizzle-orm/pglite.");
  if ("totalCount" in client || "waitReady" in client)
    throw new InvalidArgumentError("tx", "is the Drizzle database itself. Pass the tx that db.transaction(async (tx) => …) gives you.");
  return client;
}

function hasQuery(client: unknown): client is TransactionClient {
  return client instanceof Object && "query" in client && typeof client.query === "function";
}
