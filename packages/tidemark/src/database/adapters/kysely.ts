import { InvalidArgumentError } from "../../errors/errors.ts";
import type { AdaptedTransaction, TransactionClient } from "../transaction-client.ts";

interface KyselyTransaction {
  readonly isTransaction: boolean;
  // oxlint-disable-next-line no-explicit-any -- Kysely's CompiledQuery, which is not imported
  executeQuery(query: any): Promise<{ rows: unknown[]; numAffectedRows?: bigint | undefined }>;
}

let queries = 0;

/**
 * Joins a Kysely transaction, for `store.withTransaction(fromKysely(trx))`. Kysely's plugins do not see the store's statements,
 * because one that renames columns would break them.
 *
 * @param trx - What `db.transaction().execute(async (trx) => …)` passes to its callback, or a controlled transaction.
 * @throws {@link InvalidArgumentError} — `trx` is the database itself, not a transaction.
 *
 * @example
 * ```ts
 * export async function place(db: Kysely<Tables>): Promise<void> {
 *   await db.transaction().execute(async (trx) => {
 *     await store.withTransaction(fromKysely(trx)).appendToStream("cart-1", [itemAdded]);
 *   });
 * }
 * ```
 */
export function fromKysely(trx: KyselyTransaction): TransactionClient {
  if (!(trx instanceof Object) || !trx.isTransaction)
    throw new InvalidArgumentError("trx", "is not a Kysely transaction. Pass the trx that db.transaction().execute(async (trx) => …) gives you.");
  const plain = withoutPlugins(trx);
  const adapted: AdaptedTransaction = {
    connection: () => connectionOf(trx),
    isOpen: () => !isOver(trx),
    async query(text, values) {
      // What CompiledQuery.raw makes, without importing it.
      const query = {
        sql: text,
        parameters: values,
        query: { kind: "RawNode", sqlFragments: [text], parameters: [] },
        queryId: { queryId: `tidemark-${++queries}` },
      };
      const { rows, numAffectedRows } = await plain.executeQuery(query).catch(explainEnd);
      return { rows, rowCount: numAffectedRows === undefined ? rows.length : Number(numAffectedRows) };
    },
  };
  return adapted;
}

function withoutPlugins(trx: KyselyTransaction): KyselyTransaction {
  return "withoutPlugins" in trx && typeof trx.withoutPlugins === "function" ? (trx.withoutPlugins() as KyselyTransaction) : trx;
}

/** Only controlled transactions say so; the others throw at the next query. */
function isOver(trx: KyselyTransaction): boolean {
  return ("isCommitted" in trx && trx.isCommitted === true) || ("isRolledBack" in trx && trx.isRolledBack === true);
}

/** A transaction in another schema or without plugins is another object on the same connection. */
async function connectionOf(trx: KyselyTransaction): Promise<object> {
  if (!("getExecutor" in trx) || typeof trx.getExecutor !== "function") return trx;
  const executor = trx.getExecutor() as { provideConnection<T>(consumer: (connection: object) => Promise<T>): Promise<T> };
  try {
    return await executor.provideConnection(async (connection) => connection);
  } catch (error) {
    return explainEnd(error);
  }
}

function explainEnd(error: unknown): never {
  if (error instanceof Error && /already (been )?(committed|rolled back)/i.test(error.message))
    throw new InvalidArgumentError("trx", "was used after its transaction had ended.", { cause: error });
  throw error;
}
