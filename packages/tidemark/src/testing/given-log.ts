import { defaultStreamFor } from "../append/default-stream.ts";
import { decodedParts, type EventDecoder } from "../catalogue/event-codec.ts";
import { asRecorded, categoryOf, type Event, type NewEvent, type RecordedEvent } from "../model/event.ts";
import type { StoredNewEvent } from "./stored-events.ts";

/** The first second of 2000; each event of a scenario is recorded a second after the one before. */
const began = Date.UTC(2000, 0, 1);

/** A log in memory: for scenarios, whose events come one after another. */
export class GivenLog {
  readonly #events: RecordedEvent[] = [];

  versionOf(streamId: string): number {
    return this.#events.filter((event) => event.streamId === streamId).length;
  }

  /** The position of the stream's last event; 0 if it has none. */
  positionOf(streamId: string): number {
    return this.#events.findLast((event) => event.streamId === streamId)?.position ?? 0;
  }

  /** @returns the event as it is stored. */
  add(event: StoredNewEvent, streamId: string): RecordedEvent {
    const position = this.#events.length + 1;
    const recorded: RecordedEvent = {
      ...event,
      id: event.id ?? `00000000-0000-7000-8000-${position.toString(16).padStart(12, "0")}`,
      metadata: event.metadata ?? {},
      tags: event.tags ?? [],
      streamId,
      category: categoryOf(streamId),
      version: this.versionOf(streamId) + 1,
      position,
      recordedAt: new Date(began + position * 1_000),
      tenant: "",
    };
    this.#events.push(recorded);
    return recorded;
  }

  /** What a reader gets: of the events that it looks for, what they are to it, in the order of the log. */
  read<E extends Event>(decoder: Pick<EventDecoder, "decode">, isWanted: (stored: RecordedEvent) => boolean): readonly RecordedEvent<E>[] {
    return this.#events
      .filter(isWanted)
      .flatMap((event) => decodedParts(event, decoder))
      .map((event) => asRecorded<E>(event));
  }
}

/** The stream of an event that names none: as for `append`, and one for all that have no tag. */
export function streamOf(event: NewEvent & { readonly streamId?: string }): string {
  return event.streamId ?? (event.tags?.length ? defaultStreamFor([event]) : "given");
}
