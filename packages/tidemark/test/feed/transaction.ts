import type pg from "pg";
import type { StoreTransaction } from "../../src/transaction/event-reader-writer.ts";
import type { EventStore } from "../../src/store/event-store.ts";
import { eventOf } from "./open.ts";

/** A transaction of a user's own, which stays open until the test ends it. */
export interface OpenTransaction {
  readonly client: pg.Client;
  readonly tx: StoreTransaction;
  /** Appends one event and returns its position. */
  append(streamId: string): Promise<number>;
  execute(text: string): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

export async function beginTransaction(store: EventStore, client: pg.Client, isolation = "read committed"): Promise<OpenTransaction> {
  await client.query(`begin isolation level ${isolation}`);
  const tx = store.withTransaction(client);
  const execute = async (text: string): Promise<void> => {
    await client.query(text);
  };
  return {
    client,
    tx,
    append: async (streamId) => (await tx.appendToStream(streamId, [eventOf(streamId)])).position,
    execute,
    commit: () => execute("commit"),
    rollback: () => execute("rollback"),
  };
}
