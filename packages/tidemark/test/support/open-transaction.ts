import type { EventStore, StoreTransaction } from "../../src/index.ts";
import { gate } from "./gate.ts";

/** A transaction that is open. It ends with its scope at the latest: a store that closes would wait for it. */
export interface OpenTransaction extends AsyncDisposable {
  /** Rejects with what the transaction rejects with. */
  commit(): Promise<void>;
}

/** Opens a transaction of the store's that has done `first`, and stays open. */
export async function openTransaction(store: Pick<EventStore, "transaction">, first: (tx: StoreTransaction) => unknown = () => {}): Promise<OpenTransaction> {
  const [entered, released] = [gate(), gate()];
  const done = store.transaction(async (tx) => {
    await first(tx);
    entered.open();
    await released.opened;
  });
  await Promise.race([entered.opened, done]);
  const commit = (): Promise<void> => {
    released.open();
    return done;
  };
  return { commit, [Symbol.asyncDispose]: commit };
}
