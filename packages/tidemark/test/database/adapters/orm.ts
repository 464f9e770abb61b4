import type { TransactionClient } from "../../../src/index.ts";

/** One ORM on one database, as the tests use it. */
export interface Orm {
  /** Runs `work` in a transaction of the ORM's: it commits when `work` returns, and rolls back when it throws. */
  transaction(work: (tx: OrmTransaction) => Promise<void>, isolation?: "REPEATABLE READ"): Promise<unknown>;
  /** What the adapter makes of the ORM itself, outside any transaction. */
  adaptItself(): TransactionClient;
  close(): Promise<unknown>;
  /** Its statements go through `pg`, whose rows it leaves alone. */
  readonly likePg?: true;
}

export interface OrmTransaction {
  readonly client: TransactionClient;
  /** Inserts a row into `public.audit` by the ORM's own means. */
  insert(entry: string): Promise<unknown>;
}
