import pg from "pg";
import type { Event } from "../../src/model/event.ts";
import type { EventStore } from "../../src/store/event-store.ts";
import { openEventStore } from "../../src/store/open-event-store.ts";
import type { StoreOptions } from "../../src/arguments/store-options.ts";

const ignore = (): void => {};
export const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

export function openStore(url: string, schema: string, options: StoreOptions = {}): Promise<EventStore> {
  return openEventStore(url, { schema, logger: silent, ...options });
}

export function eventOf(streamId: string): Event<string, { readonly streamId: string }> {
  return { type: "Happened", data: { streamId } };
}

/** Appends one event in a transaction of the store's own and returns its position. */
export async function append(store: EventStore, streamId: string): Promise<number> {
  return (await store.appendToStream(streamId, [eventOf(streamId)])).position;
}

/** Positions of everything that a reader of the whole log sees now. */
export async function positions(store: EventStore, after = 0): Promise<readonly number[]> {
  return (await store.readAll({ after }).toArray()).map(({ position }) => position);
}

/** The schema's own sequence of positions, quoted for SQL. */
export function sequenceOf(schema: string): string {
  return `${pg.escapeIdentifier(schema)}.events_position_seq`;
}
