import { AsyncLocalStorage } from "node:async_hooks";
import { DatabaseError } from "../errors/database.ts";
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
/** The PGlite that a store is sending to. */
const sending = new AsyncLocalStorage<PGliteInstance | undefined>();

/** Sends what is a store's own: it is refused where it would run inside of a transaction that was left open with BEGIN. */
export function sendAsStore<T>(instance: PGliteInstance, work: () => Promise<T>): Promise<T> {
  return sending.run(instance, work);
}

/** Sends what ends such a transaction. */
export function outsideStores<T>(work: () => Promise<T>): Promise<T> {
  return sending.run(undefined, work);
}

/**
 * Makes every exclusive use of a PGlite visible from inside it, whether the user begins it or another store on the same
 * instance. Only the methods that begin it can tell.
 */
export function encloseTransactionsOf(instance: PGliteInstance): void {
  if (enclosing.has(instance)) return;
  enclosing.add(instance);
  const begin = instance.transaction.bind(instance);
  instance.transaction = (work) => whileAlone(instance, (inside) => begin((tx) => inside(() => work(tx))));
  const exclusively = instance.runExclusive?.bind(instance);
  if (exclusively) instance.runExclusive = (work) => whileAlone(instance, (inside) => exclusively(() => inside(work)));
  refuseOpenTransactions(instance);
}

async function whileAlone<T>(instance: PGliteInstance, run: (inside: (work: () => Promise<T>) => Promise<T>) => Promise<T>): Promise<T> {
  const holder = { open: true };
  try {
    return await run((work) => encloseIn(instance, holder, () => outsideStores(work)));
  } finally {
    holder.open = false;
  }
}

/**
 * After `pglite.exec("begin")` every statement on that PGlite is a part of the transaction, also a store's, which says that it has
 * written what a ROLLBACK then undoes. Whether one is open is known for sure only when a statement's turn has come.
 */
function refuseOpenTransactions(instance: PGliteInstance): void {
  const enterConflictQueue = instance._runExclusiveTransaction?.bind(instance);
  if (!enterConflictQueue || !instance.isInTransaction) return;
  instance._runExclusiveTransaction = (work) => {
    if (sending.getStore() !== instance) return enterConflictQueue(work);
    return enterConflictQueue(async () => {
      if (!instance.isInTransaction?.()) return await work();
      throw new DatabaseError(
        'A transaction is open on this PGlite that was begun with SQL, such as pglite.exec("begin"). What the store sends would become a part of it, so nothing was sent. End it first, or use pglite.transaction((tx) => …) and store.withTransaction(tx).',
        // It will be over, and followers wait for that.
        { sqlState: "25001", retryable: true },
      );
    });
  };
}
