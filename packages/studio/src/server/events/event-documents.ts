import type { EventStore, RecordedEvent } from "tidemark";
import type { EventDocument, EventLine } from "../../wire/reports.ts";
import type { ValidOptions } from "../options.ts";
import { masked } from "./mask.ts";

interface TextRow {
  readonly position: string;
  readonly data: string;
  readonly metadata: string | null;
}

/** Events for the browser, with their JSON to the last digit: one look-up by position for all of them. */
export async function eventDocuments(
  store: EventStore,
  events: readonly RecordedEvent[],
  { schema, mask }: ValidOptions,
  signal?: AbortSignal,
): Promise<readonly EventDocument[]> {
  if (events.length === 0) return [];
  const { rows } = await store.query<TextRow>(
    `select position::text as position, data::text as data, metadata::text as metadata from "${schema.replaceAll('"', '""')}".events where position = any($1::bigint[])`,
    [events.map(({ position }) => position)],
    signal ? { signal } : {},
  );
  const texts = new Map(rows.map((row) => [Number(row.position), row]));
  return events.map((event) => {
    const text = texts.get(event.position);
    const shown = masked(event, text?.data ?? JSON.stringify(event.data), text?.metadata ?? JSON.stringify(event.metadata), mask);
    const { category, schemaVersion, tenant, tags } = event;
    return { ...eventLine(event), category, schemaVersion, tenant, tags, ...shown };
  });
}

export function eventLine({ id, type, streamId, version, position, recordedAt }: RecordedEvent): EventLine {
  return { id, type, streamId, version, position, recordedAt: recordedAt.getTime() };
}
