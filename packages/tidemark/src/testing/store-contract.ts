import type { EventStore } from "../store/event-store.ts";
import { appendingLaws } from "./contract/appending.ts";
import { conditionLaws } from "./contract/conditions.ts";
import type { Law, OpenStore } from "./contract/law.ts";
import { readingLaws } from "./contract/reading.ts";
import { transactionLaws } from "./contract/transactions.ts";

/**
 * What `storeContract` takes.
 *
 * @example
 * ```ts
 * const contract: StoreContract = { test: (name, run) => void laws.push([name, run]), open: (options) => openEventStore({ ...options, logger: quiet }) };
 * ```
 */
export interface StoreContract {
  /** Your test runner's: `test` of vitest, jest or node:test. */
  readonly test: (name: string, run: () => Promise<void>) => unknown;
  /** Opens an empty store. Each test opens one, and closes it. `now` and `createId` have to be heeded. */
  readonly open: OpenStore;
}

/**
 * Registers tests of what every Tidemark store guarantees: appends, expectations, conditions, idempotency, reading, transactions,
 * tenants. Use it for wrappers of a store, other databases and poolers: `storeContract({ test, open: () => openEventStore(…) })`. The
 * tests run one at a time, and cover nothing that only concurrent processes can show.
 *
 * @example
 * ```ts
 * storeContract({ test: (name, run) => void laws.push([name, run]), open: (options) => openEventStore({ ...options, logger: quiet }) });
 * ```
 */
export function storeContract({ test, open }: StoreContract): void {
  for (const law of [...appendingLaws, ...conditionLaws, ...readingLaws, ...transactionLaws]) test(law.name, () => holds(law, open));
}

async function holds(law: Law, open: OpenStore): Promise<void> {
  const opened: EventStore[] = [];
  try {
    await law.holds(async (options) => {
      const store = await open(options);
      opened.push(store);
      return store;
    });
  } finally {
    await Promise.all(opened.map((store) => store.close()));
  }
}
