import { InvalidArgumentError } from "../../errors/errors.ts";
import type { AdaptedTransaction, TransactionClient } from "../transaction-client.ts";

interface KnexTransaction {
  // oxlint-disable-next-line no-explicit-any -- as Knex types them
  readonly client: any;
  // oxlint-disable-next-line no-explicit-any -- as Knex types them
  raw(sql: string, bindings: any): unknown;
}

/** What Knex has of a transaction beyond its types. */
interface Internals {
  isTransaction: true;
  isCompleted(): boolean;
  client: { acquireConnection(): Promise<Connection> };
}

/** The `pg` client of the transaction. */
interface Connection {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[]; rowCount?: number | null }>;
}

/**
 * Joins a Knex transaction, for `store.withTransaction(fromKnex(trx))`. Statements go to the transaction's own `pg` client, because
 * Knex treats `?` as a binding, and its `postProcessResponse` could change what the store's statements return.
 *
 * @param trx - What `knex.transaction(async (trx) => …)` passes to its callback, or `await knex.transaction()`.
 * @throws {@link InvalidArgumentError} — `trx` is Knex itself, not a transaction, or one of another database's.
 *
 * @example
 * ```ts
 * export async function place(knex: Knex): Promise<void> {
 *   await knex.transaction(async (trx) => {
 *     await store.withTransaction(fromKnex(trx)).appendToStream("cart-1", [itemAdded]);
 *   });
 * }
 * ```
 */
export function fromKnex(trx: KnexTransaction): TransactionClient {
  if (!isTransaction(trx))
    throw new InvalidArgumentError("trx", "is not a Knex transaction on PostgreSQL. Pass the trx that knex.transaction(async (trx) => …) gives you.");
  const { client } = trx;
  const adapted: AdaptedTransaction = {
    likePg: true,
    connection: () => client.acquireConnection(),
    isOpen: () => !trx.isCompleted(),
    async query(text, values) {
      const connection = await client.acquireConnection();
      const { rows, rowCount } = await connection.query(text, values);
      return { rows, rowCount: rowCount ?? null };
    },
  };
  return adapted;
}

function isTransaction(trx: object): trx is Internals {
  if (!(trx instanceof Object) || !("isTransaction" in trx && trx.isTransaction === true) || !("isCompleted" in trx)) return false;
  const client: unknown = "client" in trx ? trx.client : undefined;
  return client instanceof Object && "acquireConnection" in client && "dialect" in client && client.dialect === "postgresql";
}
