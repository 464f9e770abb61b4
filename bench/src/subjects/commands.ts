import { decider, type Decider, type Event, type EventStore, handleCommand, openEventStore } from "tidemark";
import { eventData, eventType } from "../payload.ts";
import { openEmmettCommands } from "./emmett-commands.ts";
import { openTidemark } from "./tidemark.ts";
import type { Subject } from "./subject.ts";

/** What a subject decides on: how many items there are. */
export interface ItemCount {
  readonly items: number;
}

/** A store, and commands that add one item each. */
export interface CommandSubject extends Subject {
  /** Reads, decides and appends one event; resolves with 1, or 0 where it gave up. */
  handle(streamId: string, giveUp?: AbortSignal): Promise<number>;
}

type ItemAdded = Event<"ItemAdded", typeof eventData>;

/** @param every - A snapshot for so many events; 0: none. */
function itemDecider(every: number): Decider<ItemCount, number, ItemAdded> {
  return decider<ItemCount, number, ItemAdded>({
    name: "items",
    ...(every > 0 && { snapshot: { every } }),
    initialState: () => ({ items: 0 }),
    evolve: ({ items }) => ({ items: items + 1 }),
    decide: (count) => Array.from({ length: count }, () => ({ type: eventType, data: eventData })),
  });
}

async function commandSubject(url: string, name: string, every: number): Promise<CommandSubject> {
  const subject = await openTidemark(url);
  const items = itemDecider(every);
  return {
    ...subject,
    name,
    async handle(streamId) {
      await handleCommand(subject.store, items, streamId, 1);
      return 1;
    },
  };
}

export const openTidemarkCommands = (url: string): Promise<CommandSubject> => commandSubject(url, "Tidemark", 0);
export const openSnapshotCommands =
  (every: number) =>
  (url: string): Promise<CommandSubject> =>
    commandSubject(url, `Tidemark, a snapshot in ${every} events`, every);

/** All that handle commands and can run here. */
export function commandOpeners(withPeers: boolean): readonly ((url: string) => Promise<CommandSubject>)[] {
  return withPeers ? [openTidemarkCommands, openEmmettCommands] : [openTidemarkCommands];
}

/** Takes a snapshot of each of these streams, as commands would have. */
export async function takeSnapshots(url: string, streamIds: readonly string[]): Promise<void> {
  await using store: EventStore = await openEventStore(url);
  for (const streamId of streamIds) await store.snapshots.take(itemDecider(100), streamId);
}
