import { createCodec } from "../catalogue/create-codec.ts";
import type { DefinedEvents } from "../catalogue/defined-events.ts";
import { inStoredForm } from "../catalogue/in-stored-form.ts";
import type { UnknownEvents } from "../catalogue/unknown-events.ts";
import type { TextRow } from "../database/database.ts";
import { withColumns } from "../database/text-row.ts";
import type { RecordedEvent } from "../model/event.ts";
import { decodeLogEvent } from "../read/decode.ts";
import type { ValidQueryItem } from "../read/filter.ts";

/** What an export makes of stored rows. */
export interface ExportShapes {
  /** What to look for in the log. */
  readonly filter: readonly ValidQueryItem[] | undefined;
  rows(stored: readonly TextRow[]): readonly TextRow[];
}

export interface CurrentShapesOptions {
  readonly catalogue: DefinedEvents;
  readonly unknownEvents: UnknownEvents;
  /** Told of each event that `unknownEvents: "skip"` leaves out. */
  readonly skipped: () => void;
}

/** The log as it is. */
export function storedShapes(filter: ExportShapes["filter"]): ExportShapes {
  return { filter, rows: (stored) => stored };
}

/**
 * Events in the shapes of a catalogue, as they would be stored today. A stored event that became several gives a row for each, with
 * `part`; one that became none gives no row. What is in its newest shape stays the database's own text.
 */
export function currentShapes(wanted: ExportShapes["filter"], { catalogue, unknownEvents, skipped }: CurrentShapesOptions): ExportShapes {
  const codec = createCodec(inStoredForm(catalogue), { unknownEvents, onSkipped: skipped });
  const { filter, decode } = codec.decoder({ filter: wanted });
  if (!decode) return storedShapes(filter);
  return {
    filter,
    rows: (stored) =>
      stored.flatMap((row) => {
        const event = decodeLogEvent(row);
        const parts: RecordedEvent[] = [];
        decode(event, parts);
        return parts.map((part) => (part === event ? row : rowOf(row, part)));
      }),
  };
}

function rowOf(row: TextRow, { type, data, schemaVersion, part }: RecordedEvent): TextRow {
  return withColumns(row, { type, data: JSON.stringify(data), schema_version: `${schemaVersion}`, ...(part !== undefined && { part: `${part}` }) });
}
