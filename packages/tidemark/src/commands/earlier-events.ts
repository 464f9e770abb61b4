import { decodedParts } from "../catalogue/event-codec.ts";
import { asRecorded, type Event, type RecordedEvent } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import type { CommandIds } from "./command-id.ts";
import { codecOf } from "./snapshots/access.ts";

/** What a command wrote when it was handled before. */
export interface EarlierEvents<E extends Event> {
  /** As today's code reads them, in the order of their positions: perhaps none. */
  readonly events: readonly RecordedEvent<E>[];
  /** Where the last stored one stands. */
  readonly last: { readonly position: number; readonly version: number };
}

/** Looks for what a command wrote by the ids of its events. Undefined: it was not handled. */
export async function earlierEvents<E extends Event>(store: EventReaderWriter, ids: CommandIds): Promise<EarlierEvents<E> | undefined> {
  const decoder = codecOf(store).decoder();
  // An event of which the catalogue makes nothing any more was written all the same.
  const options = decoder.decode && ({ raw: true } as const);
  const stored: RecordedEvent<E>[] = [];
  for (;;) {
    const event = await store.eventById<E>(ids.at(stored.length), options);
    if (!event) break;
    stored.push(event);
  }
  const last = stored.sort((a, b) => a.position - b.position).at(-1);
  if (!last) return undefined;
  return { events: stored.flatMap((event) => decodedParts(event, decoder)).map((event) => asRecorded<E>(event)), last };
}
