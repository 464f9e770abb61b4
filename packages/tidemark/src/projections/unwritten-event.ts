import type { EncodedEvent, EncodedPart } from "../append/encoded.ts";
import type { TextRow } from "../database/database.ts";
import { categoryOf, type EventMetadata, type RecordedEvent } from "../event.ts";

/** An event of an append as a row of the log, without what it gets there. Filters look at it. */
export function unwrittenRow({ tenant, streamId }: EncodedPart, { id, type, data, metadata, tags }: EncodedEvent): TextRow {
  return {
    tenant,
    stream_name: streamId,
    id,
    type,
    data,
    metadata: metadata === "" ? null : metadata,
    tags: tags === "" ? null : tags,
    schema_version: "1",
    position: "0",
    stream_number: "0",
  };
}

/** An event before it is written, as `documentId` gets it. */
export class UnwrittenEvent implements RecordedEvent {
  readonly type: string;
  readonly data: unknown;
  readonly metadata: EventMetadata;
  readonly tags: readonly string[];
  readonly id: string;
  readonly streamId: string;
  readonly category: string;
  readonly schemaVersion = 1;
  readonly tenant: string;

  constructor(row: TextRow) {
    const streamId = row["stream_name"] ?? "";
    const metadata: EventMetadata = JSON.parse(row["metadata"] ?? "{}");
    this.type = row["type"] ?? "";
    this.data = JSON.parse(row["data"] ?? "null");
    this.metadata = metadata;
    this.tags = row["tags"]?.split("\u001f") ?? [];
    this.id = row["id"] ?? "";
    this.streamId = streamId;
    this.category = categoryOf(streamId);
    this.tenant = row["tenant"] ?? "";
  }

  get version(): number {
    return notYet("version");
  }

  get position(): number {
    return notYet("position");
  }

  get recordedAt(): Date {
    return notYet("recordedAt");
  }
}

function notYet(field: string): never {
  throw new TypeError(`documentId of an inline projection used the event's ${field}, which it has only once it is written: the documents are locked before`);
}
