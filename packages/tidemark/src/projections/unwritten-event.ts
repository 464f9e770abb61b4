import type { EncodedEvent, EncodedPart } from "../append/encoded.ts";
import type { TextRow } from "../database/database.ts";
import { categoryOf, type EventMetadata, type RecordedEvent } from "../model/event.ts";
import { unplacedEvent } from "../model/recorded-event.ts";

/** An event of an append as a row of the log, without what it gets there. Filters look at it. */
export function unwrittenRow({ tenant, streamId }: EncodedPart, { id, type, data, metadata, tags, schemaVersion }: EncodedEvent): TextRow {
  return {
    tenant,
    stream_name: streamId,
    id,
    type,
    data,
    metadata: metadata === "" ? null : metadata,
    tags: tags === "" ? null : tags,
    schema_version: String(schemaVersion),
    position: "0",
    stream_number: "0",
  };
}

/** What an event has only once it is written. */
type Unknown = "version" | "position" | "recordedAt";

/**
 * An event before it is written, as `documentId` gets it. A copy has what is known. It remembers whether it was asked for more: what was
 * made of that has to be made again once the event is written.
 */
export class UnwrittenEvent implements Omit<RecordedEvent, Unknown> {
  readonly type: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
  readonly tags: readonly string[];
  readonly id: string;
  readonly streamId: string;
  readonly category: string;
  readonly schemaVersion: number;
  /** Absent, not undefined, where it has none: a copy has only what is known. */
  declare readonly part?: number;
  readonly tenant: string;
  #asked: Unknown | undefined;

  constructor({ type, data, metadata, tags, schemaVersion, part, id, streamId, tenant }: Omit<RecordedEvent, Unknown | "category">) {
    this.type = type;
    this.data = data;
    this.metadata = metadata;
    this.tags = tags;
    this.schemaVersion = schemaVersion;
    if (part !== undefined) this.part = part;
    this.id = id;
    this.streamId = streamId;
    this.category = categoryOf(streamId);
    this.tenant = tenant;
  }

  /** Of what `unwrittenRow` makes. */
  static of(row: TextRow): UnwrittenEvent {
    const schemaVersion = Number(row["schema_version"]);
    const text = { type: row["type"] ?? "", data: row["data"] ?? "null", metadata: row["metadata"], tags: row["tags"], schemaVersion };
    return new UnwrittenEvent({
      ...unplacedEvent(text),
      id: row["id"] ?? "",
      streamId: row["stream_name"] ?? "",
      tenant: row["tenant"] ?? "",
    });
  }

  /** The first that it was asked for of what it does not have. */
  get asked(): Unknown | undefined {
    return this.#asked;
  }

  get version(): undefined {
    return this.#ask("version");
  }

  get position(): undefined {
    return this.#ask("position");
  }

  get recordedAt(): undefined {
    return this.#ask("recordedAt");
  }

  #ask(field: Unknown): undefined {
    this.#asked ??= field;
  }
}

/** Why a `documentId` that depends on such a field cannot be. */
export function askedTooEarly(field: string): string {
  return `documentId of an inline projection used the event's ${field}, which it has only once it is written: the documents are locked before`;
}
