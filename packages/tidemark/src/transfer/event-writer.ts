import type { TextRow } from "../database/database.ts";

/** How an export writes its events as text. */
export interface EventWriter {
  /** Before the first event. */
  readonly head: string;
  readonly between: string;
  /** Behind the last event. */
  readonly foot: string;
  readonly write: (row: TextRow) => string;
}

/** When the event of a row was recorded: ISO 8601 in UTC, with milliseconds. */
export function timeOf(row: TextRow): string {
  return new Date(Number(row["recorded_at"])).toISOString();
}

export function tagsOf(row: TextRow): readonly string[] {
  return row["tags"] ? row["tags"].split("\x1f") : [];
}
