import { AsyncLocalStorage } from "node:async_hooks";
import type { TransactionHolder } from "./database.ts";
import type { PGliteInstance } from "./pglite-client.ts";

interface Enclosure {
  readonly of: object;
  readonly holder: TransactionHolder;
  readonly outer: Enclosure | undefined;
}

const current = new AsyncLocalStorage<Enclosure>();

/** Runs `work`, inside which the caller is in a transaction of `of` for as long as `holder.open`. */
export function encloseIn<T>(of: object, holder: TransactionHolder, work: () => T): T {
  return current.run({ of, holder, outer: current.getStore() }, work);
}

/** Whether the caller is inside an open transaction of this. */
export function isInside(of: object): boolean {
  for (let enclosure = current.getStore(); enclosure; enclosure = enclosure.outer) {
    if (enclosure.of === of && enclosure.holder.open) return true;
  }
  return false;
}

const enclosing = new WeakSet<PGliteInstance>();

/**
 * Lets every transaction on a PGlite be noticed from inside, whoever begins it: the user, or another store on the same instance.
 * Only its one method that begins transactions can tell.
 */
export function encloseTransactionsOf(instance: PGliteInstance): void {
  if (enclosing.has(instance)) return;
  enclosing.add(instance);
  const begin = instance.transaction.bind(instance);
  instance.transaction = async (work) => {
    const holder = { open: true };
    try {
      return await begin((tx) => encloseIn(instance, holder, () => work(tx)));
    } finally {
      holder.open = false;
    }
  };
}
