import type { EventDecoder } from "../catalogue/event-codec.ts";
import type { TextRow } from "../database/database.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { toSafeInteger } from "../database/number.ts";
import { asRecorded, categoryOf, type Event, type RecordedEvent } from "../model/event.ts";
import { recordedEvent } from "../model/recorded-event.ts";

/** What is read of the row `e`. Aliases differ from columns in type: an ORDER BY must say `e.version`, or it sorts texts. */
export const eventColumns: string = `
  e.position::text as position,
  e.version::text as version,
  e.id::text as id,
  ${milliseconds("e.recorded_at")} as recorded_at,
  e.schema_version::text as schema_version,
  e.type as type,
  e.data::text as data,
  e.metadata::text as metadata,
  pg_catalog.array_to_string(e.tags, pg_catalog.chr(31)) as tags`;

/** The same, for `Statement.uncast`. */
export const uncastEventColumns: string = eventColumns.replaceAll("::text as", " as");

export function decodeEvent(row: TextRow, tenant: string, streamId: string, category: string): RecordedEvent {
  return recordedEvent(
    { type: row["type"] ?? "", data: row["data"] ?? "null", metadata: row["metadata"], tags: row["tags"], schemaVersion: Number(row["schema_version"]) },
    {
      id: row["id"] ?? "",
      streamId,
      category,
      version: toSafeInteger(row["version"]),
      position: toSafeInteger(row["position"]),
      recordedAt: Number(row["recorded_at"]),
      tenant,
    },
  );
}

/** Where the row says itself which stream and tenant it belongs to. */
export function decodeLogEvent(row: TextRow): RecordedEvent {
  const streamId = row["stream_name"] ?? "";
  return decodeEvent(row, row["tenant"] ?? "", streamId, categoryOf(streamId));
}

/** Adds to a page what a row is to the reader: one event where there is no catalogue. */
export function eventsOfRow<E extends Event>(
  { decode }: Pick<EventDecoder, "decode">,
  stored: (row: TextRow) => RecordedEvent,
): (row: TextRow, into: RecordedEvent<E>[]) => void {
  if (!decode) return (row, into) => void into.push(asRecorded<E>(stored(row)));
  return (row, into) => decode(stored(row), into, true);
}
