import { fromKnex, fromPostgresJs, fromPrisma, fromTypeORM, type StoreTransaction, type TransactionClient } from "tidemark";
import { cartStore, same, type CartEvent } from "./cart.ts";

// What the ORMs declare of their transactions, without them: importing tidemark's types must not need theirs.
declare const trx: { readonly client: unknown; raw(sql: string, bindings: readonly unknown[]): Promise<unknown> };
declare const manager: { query<T = unknown>(query: string, parameters?: unknown[]): Promise<T> };
declare const tx: {
  $queryRawUnsafe<T = unknown>(query: string, ...values: unknown[]): Promise<T>;
  $executeRawUnsafe(query: string, ...values: unknown[]): Promise<number>;
};
declare const sql: { unsafe<T extends unknown[] = unknown[]>(query: string, parameters?: (string | number)[]): Promise<T> };

same<TransactionClient>()(fromKnex(trx));
same<TransactionClient>()(fromTypeORM(manager));
same<TransactionClient>()(fromPrisma(tx));
same<TransactionClient>()(fromPostgresJs(sql));
same<StoreTransaction<CartEvent>>()(cartStore.withTransaction(fromPrisma(tx)));
// @ts-expect-error -- another ORM's transaction
fromPrisma(manager);
