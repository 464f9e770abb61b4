import type { EventMetadata, RecordedEvent } from "./event.ts";

/** The schema version of what is appended, until a catalogue says otherwise. The column's default is the same. */
export const firstSchemaVersion = 1;

/** What an event says, as the store keeps it. */
export interface EventText {
  readonly type: string;
  /** JSON. */
  readonly data: string;
  /** JSON. Nothing, or `""`: there is none. */
  readonly metadata: string | null | undefined;
  /** Joined by U+001F. Nothing, or `""`: there are none. */
  readonly tags: string | null | undefined;
  readonly schemaVersion: number;
}

/** The rest of a recorded event, as it is. */
export interface EventPlace extends Pick<RecordedEvent, "id" | "streamId" | "category" | "version" | "position" | "tenant"> {
  /** Milliseconds since 1970. */
  readonly recordedAt: number;
}

/** Frozen and shared: most events have none. */
const noTags: readonly string[] = Object.freeze([]);

/**
 * Makes every recorded event: of appends, readings, followers and inline projections. So a type's older shapes have one place to be
 * brought up to date.
 *
 * One object literal, so that all events have one hidden class. Data and metadata are new objects each time: they are the caller's.
 */
export function recordedEvent(text: EventText, place: EventPlace): RecordedEvent {
  return {
    type: text.type,
    data: JSON.parse(text.data),
    metadata: metadataOf(text),
    tags: tagsOf(text),
    id: place.id,
    streamId: place.streamId,
    category: place.category,
    version: place.version,
    position: place.position,
    recordedAt: new Date(place.recordedAt),
    schemaVersion: text.schemaVersion,
    tenant: place.tenant,
  };
}

/** What an event says before it has a place. */
export function unplacedEvent(text: EventText): Pick<RecordedEvent, "type" | "data" | "metadata" | "tags" | "schemaVersion"> {
  return { type: text.type, data: JSON.parse(text.data), metadata: metadataOf(text), tags: tagsOf(text), schemaVersion: text.schemaVersion };
}

function metadataOf({ metadata }: EventText): EventMetadata {
  if (!metadata) return {};
  const parsed: EventMetadata = JSON.parse(metadata);
  return parsed;
}

function tagsOf({ tags }: EventText): readonly string[] {
  return tags ? tags.split("\u001f") : noTags;
}
