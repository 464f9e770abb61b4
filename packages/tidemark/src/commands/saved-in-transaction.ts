import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";

/** What an aggregate saved inside a transaction by one `save`. */
export interface SavedInTransaction {
  readonly transaction: EventReaderWriter;
  /** Of one of the events. */
  readonly eventId: string;
  /** Makes the events pending again. */
  giveBack(): void;
}

/**
 * A transaction of the caller's ends where the store cannot see it, and the aggregate lives on. The next save by other means
 * looks whether its events are there.
 */
const saves = new WeakMap<object, readonly SavedInTransaction[]>();

/** Takes note of events that stand in their stream if the transaction commits. */
export function rememberSaved(aggregate: object, save: SavedInTransaction): void {
  saves.set(aggregate, [...(saves.get(aggregate) ?? []), save]);
}

/** Gives back to the aggregate what it saved in transactions other than `store` that were rolled back, or are not committed yet. */
export async function giveBackLost(store: EventReaderWriter, aggregate: object): Promise<void> {
  const all = saves.get(aggregate) ?? [];
  if (all.every(({ transaction }) => transaction === store)) return;
  const found = await Promise.all(all.map(({ eventId }) => store.eventById(eventId, { raw: true })));
  const lost = found.includes(undefined) ? all.slice(found.indexOf(undefined)) : [];
  for (const save of lost.toReversed()) save.giveBack();
  saves.delete(aggregate);
}

/** Whether `giveBackLost` has something to look for. */
export function mayBeLost(store: EventReaderWriter, aggregate: object): boolean {
  return (saves.get(aggregate) ?? []).some(({ transaction }) => transaction !== store);
}

/** Stores have no client; their transactions and the contexts of handlers do. */
export function isTransaction(store: EventReaderWriter): boolean {
  return "client" in store;
}
