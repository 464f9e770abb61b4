import type { Event, RecordedEvent } from "../model/event.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import type { CommandIds } from "./command-id.ts";

/** What a command that is tied to no stream wrote when it was handled before. */
export async function earlierEvents<E extends Event>(store: EventReaderWriter, ids: CommandIds): Promise<readonly RecordedEvent<E>[]> {
  const events: RecordedEvent<E>[] = [];
  for (;;) {
    const event = await store.eventById<E>(ids.at(events.length));
    if (!event) return events.sort((a, b) => a.position - b.position);
    events.push(event);
  }
}
