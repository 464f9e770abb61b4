import type { EventMetadata, RecordedEvent } from "../model/event.ts";

/** An event as one JSON document: what `tidemark read --json` and exports print, key by key in this order. */
export interface EventEnvelope {
  readonly streamId: string;
  readonly type: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
  readonly id: string;
  readonly tags: readonly string[];
  /** ISO 8601 in UTC, with milliseconds. */
  readonly recordedAt: string;
  readonly schemaVersion: number;
  readonly tenant: string;
  readonly version: number;
  readonly position: number;
  /** There if a catalogue made several events of the stored one. */
  readonly part?: number;
}

/** The envelope of an event. Its category is left out: `streamId` says it. */
export function toEnvelope(event: RecordedEvent): EventEnvelope {
  return {
    streamId: event.streamId,
    type: event.type,
    data: event.data,
    metadata: event.metadata,
    id: event.id,
    tags: event.tags,
    recordedAt: event.recordedAt.toISOString(),
    schemaVersion: event.schemaVersion,
    tenant: event.tenant,
    version: event.version,
    position: event.position,
    ...(event.part !== undefined && { part: event.part }),
  };
}
