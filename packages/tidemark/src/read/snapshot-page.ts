import type { TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import type { Event, RecordedEvent } from "../model/event.ts";
import { decodeSnapshot, type StoredSnapshot } from "./stored-snapshot.ts";

/** Where a stored event stands, whatever it is to the reader. */
export interface StoredPlace {
  readonly version: number;
  readonly position: number;
  readonly id: string;
}

/** A snapshot as it was read, and the events from its last one on. */
export interface SnapshotPage<E extends Event = Event> {
  /** Undefined where there is none of this state version. */
  readonly snapshot: StoredSnapshot | undefined;
  /** Whether there is one, of another state version or catalogue. */
  readonly outdated: boolean;
  /** Of the first stored event: the last one that the snapshot holds, or the stream's first where there is no snapshot. */
  readonly first: StoredPlace | undefined;
  readonly last: StoredPlace | undefined;
  /** Whether more events follow. */
  readonly more: boolean;
  /** The events, from the first stored one on or, if that is in the state already, behind it. */
  events(from: "first" | "behind first"): readonly RecordedEvent<E>[];
}

/** @param found - Rows of events in order; the first has the snapshot, and perhaps no event. @param asked - How many there may be. */
export function snapshotPage<E extends Event>(
  found: readonly TextRow[],
  asked: number,
  decode: (row: TextRow, into: RecordedEvent<E>[]) => void,
): SnapshotPage<E> {
  const rows = found.filter((row) => row["position"] != null);
  const snapshot = decodeSnapshot(found[0]);
  return {
    snapshot,
    outdated: found[0]?.["snapshot_state_version"] != null && snapshot === undefined,
    first: placeOf(rows[0]),
    last: placeOf(rows.at(-1)),
    more: rows.length >= asked || found.at(-1)?.["full"] != null,
    events(from) {
      const events: RecordedEvent<E>[] = [];
      for (const row of from === "first" ? rows : rows.slice(1)) decode(row, events);
      return events;
    },
  };
}

/** Undefined where there is no row. */
export function placeOf(row: TextRow | undefined): StoredPlace | undefined {
  return row && { version: toSafeInteger(row["version"]), position: toSafeInteger(row["position"]), id: row["id"] ?? "" };
}
