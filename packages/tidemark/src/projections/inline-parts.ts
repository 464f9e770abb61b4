import type { EventDecoder } from "../catalogue/event-codec.ts";
import type { TextRow } from "../database/database.ts";
import { categoryOf, type RecordedEvent } from "../model/event.ts";
import { recordedEvent } from "../model/recorded-event.ts";
import { failedAt } from "./document-set.ts";
import { UnwrittenEvent } from "./unwritten-event.ts";

type Decode = NonNullable<EventDecoder["decode"]>;

/** What an event of an append is to a projection, before it is written. */
export interface UnwrittenPart {
  readonly event: UnwrittenEvent;
  /** A step made it, which may have looked at what the event has only once it is written. */
  readonly stepped: boolean;
}

/**
 * The parts of an event before it is written. A step that asks gets version 0, position 0 and the year 1970: what comes of it is made
 * again with the written event, and compared.
 *
 * @throws {@link ProjectionFailedError}
 */
export function unwrittenParts(projection: { readonly name: string }, row: TextRow, decode: Decode): readonly UnwrittenPart[] {
  const streamId = row["stream_name"] ?? "";
  const stored = recordedEvent(
    { type: row["type"] ?? "", data: row["data"] ?? "null", metadata: row["metadata"], tags: row["tags"], schemaVersion: Number(row["schema_version"]) },
    { id: row["id"] ?? "", streamId, category: categoryOf(streamId), version: 0, position: 0, tenant: row["tenant"] ?? "", recordedAt: 0 },
  );
  return parts(projection, stored, decode).map((part) => ({
    event: new UnwrittenEvent(part),
    stepped: part.type !== stored.type || part.schemaVersion !== stored.schemaVersion || part.part !== undefined,
  }));
}

/**
 * The parts of the same event once it is written.
 *
 * @param expected - How many there were before.
 * @throws {@link ProjectionFailedError}
 */
export function writtenParts(projection: { readonly name: string }, event: RecordedEvent, expected: number, decode: Decode): readonly RecordedEvent[] {
  const written = parts(projection, event, decode);
  if (written.length === expected) return written;
  throw failedAt(projection, event, new Error(`a step of the catalogue made ${expected} events of it before it was written, and ${written.length} after`));
}

function parts(projection: { readonly name: string }, event: RecordedEvent, decode: Decode): readonly RecordedEvent[] {
  const made: RecordedEvent[] = [];
  try {
    decode(event, made);
  } catch (error) {
    throw failedAt(projection, event, error);
  }
  return made;
}
