import { decodedParts, type EventDecoder } from "../../catalogue/event-codec.ts";
import { categoryOf, type EventMetadata, type RecordedEvent } from "../../model/event.ts";
import { faithfulJson } from "./faithful-json.ts";

/** What a stored event is to today's code: data as `faithfulJson` writes it. */
export interface GoldenPart {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
}

/** What a step may look at beside the data. What is left out is as `placeless` says. */
export interface GoldenPlace {
  readonly id?: string;
  readonly streamId?: string;
  readonly tenant?: string;
  readonly version?: number;
  readonly position?: number;
  readonly recordedAt?: string;
  readonly metadata?: EventMetadata;
  readonly tags?: readonly string[];
}

/** One stored event of a golden file. */
export interface GoldenEntry {
  /** The event's data, as the log holds it. */
  readonly stored: unknown;
  readonly event?: GoldenPlace;
  /** Undefined: somebody wrote the entry by hand, and it was not read yet. */
  readonly becomes?: readonly GoldenPart[];
}

const placeless = { id: "00000000-0000-7000-8000-000000000000", streamId: "golden-1", tenant: "", version: 1, position: 1 } as const;
const recordedAt = "2000-01-01T00:00:00.000Z";

/** What an entry becomes by this decoder. Throws what the decoder throws. */
export function becomes(type: string, schemaVersion: number, { stored, event = {} }: GoldenEntry, decoder: EventDecoder): readonly GoldenPart[] {
  return goldenParts(recorded(type, schemaVersion, stored, event), decoder);
}

export function recorded(type: string, schemaVersion: number, stored: unknown, event: GoldenPlace = {}): RecordedEvent {
  const { streamId = placeless.streamId, metadata = {}, tags = [] } = event;
  return {
    ...placeless,
    ...event,
    type,
    data: stored,
    schemaVersion,
    category: categoryOf(streamId),
    recordedAt: new Date(event.recordedAt ?? recordedAt),
    metadata,
    tags,
  };
}

/**
 * The entry of an event of the log. Where it stands and who caused it is left out unless a step looks at it: who caused an event is often
 * nobody's business, and a file is easier to read without.
 */
export function entryOf(event: RecordedEvent, decoder: EventDecoder): GoldenEntry {
  const stored = event.data;
  const parts = goldenParts(event, decoder);
  const entry: GoldenEntry = { stored, becomes: parts };
  if (JSON.stringify(blind(event, decoder)) === JSON.stringify(parts)) return entry;
  const { id, streamId, tenant, version, position, metadata, tags } = event;
  return { ...entry, event: { id, streamId, tenant, version, position, recordedAt: event.recordedAt.toISOString(), metadata, tags } };
}

/** The same event without its place; undefined where a step cannot do without. */
function blind({ type, schemaVersion, data }: RecordedEvent, decoder: EventDecoder): readonly GoldenPart[] | undefined {
  try {
    return goldenParts(recorded(type, schemaVersion, data), decoder);
  } catch {
    return undefined;
  }
}

function goldenParts(event: RecordedEvent, decoder: EventDecoder): readonly GoldenPart[] {
  return decodedParts(event, decoder).map(({ type, schemaVersion, data }) => ({ type, schemaVersion, data: faithfulJson(data) }));
}
