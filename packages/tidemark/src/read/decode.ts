import type { TextRow } from "../database/database.ts";
import { milliseconds } from "../database/milliseconds.ts";
import { toSafeInteger } from "../database/number.ts";
import { type EventMetadata, type RecordedEventFields, categoryOf } from "../model/event.ts";

/** An event of any type, as it comes out of the database. */
export interface StoredEvent extends RecordedEventFields {
  readonly type: string;
  readonly data: unknown;
}

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

/** Frozen and shared: most events have none. */
const noTags: readonly string[] = Object.freeze([]);

/** One object literal for all events, so that all have one hidden class. Metadata is a new object each time: it is the caller's. */
export function decodeEvent(row: TextRow, tenant: string, streamId: string, category: string): StoredEvent {
  const metadata = row["metadata"];
  const tags = row["tags"];
  return {
    type: row["type"] ?? "",
    data: JSON.parse(row["data"] ?? "null"),
    metadata: metadata == null ? {} : parseMetadata(metadata),
    tags: tags ? tags.split("\u001f") : noTags,
    id: row["id"] ?? "",
    streamId,
    category,
    version: toSafeInteger(row["version"]),
    position: toSafeInteger(row["position"]),
    recordedAt: new Date(Number(row["recorded_at"])),
    schemaVersion: Number(row["schema_version"]),
    tenant,
  };
}

/** Where the row says itself which stream and tenant it belongs to. */
export function decodeLogEvent(row: TextRow): StoredEvent {
  const streamId = row["stream_name"] ?? "";
  return decodeEvent(row, row["tenant"] ?? "", streamId, categoryOf(streamId));
}

function parseMetadata(text: string): EventMetadata {
  const metadata: EventMetadata = JSON.parse(text);
  return metadata;
}
