import { InvalidArgumentError } from "../../errors/errors.ts";
import type { AdaptedTransaction, TransactionClient } from "../transaction-client.ts";

interface TypeORMManager {
  // oxlint-disable-next-line no-explicit-any -- as TypeORM types them
  query(text: string, values?: any[]): Promise<any>;
}

/** The part of TypeORM's query runner that the store needs. */
interface QueryRunner {
  readonly isTransactionActive: boolean;
  readonly isReleased: boolean;
  query(text: string, values: unknown[], structured: true): Promise<{ records?: unknown[]; affected?: number | null }>;
}

/**
 * Joins a TypeORM transaction, for `store.withTransaction(fromTypeORM(manager))`. Its subscribers and its logger see the
 * store's statements.
 *
 * @param manager - The EntityManager that `dataSource.transaction(async (manager) => …)` passes to its callback, or a
 * QueryRunner after `startTransaction()`.
 * @throws {@link InvalidArgumentError} — `manager` is the data source, or its own manager, which run each query on any
 * connection.
 *
 * @example
 * ```ts
 * export async function place(dataSource: DataSource): Promise<void> {
 *   await dataSource.transaction(async (manager) => {
 *     await store.withTransaction(fromTypeORM(manager)).appendToStream("cart-1", [itemAdded]);
 *   });
 * }
 * ```
 */
export function fromTypeORM(manager: TypeORMManager): TransactionClient {
  const runner = runnerOf(manager);
  if (runner === undefined)
    throw new InvalidArgumentError(
      "manager",
      "is not inside a transaction of TypeORM's. Pass the manager that dataSource.transaction(async (manager) => …) gives you.",
    );
  const adapted: AdaptedTransaction = {
    likePg: true,
    connection: () => runner,
    isOpen: () => runner.isTransactionActive && !runner.isReleased,
    async query(text, values) {
      // Structured, for its plain form is rows after one command, and rows with a count after another.
      const { records = [], affected } = await runner.query(text, values, true);
      return { rows: records, rowCount: affected ?? null };
    },
  };
  return adapted;
}

function runnerOf(manager: unknown): QueryRunner | undefined {
  if (isRunner(manager)) return manager;
  const runner: unknown = manager instanceof Object && "queryRunner" in manager ? manager.queryRunner : undefined;
  return isRunner(runner) ? runner : undefined;
}

function isRunner(value: unknown): value is QueryRunner {
  return value instanceof Object && "isTransactionActive" in value && "isReleased" in value && "query" in value && typeof value.query === "function";
}
