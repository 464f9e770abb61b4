import type { TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";

/** Whose snapshot, next to the stream's id. */
export interface SnapshotIdentity {
  readonly kind: "stream" | "aggregate";
  readonly name: string;
  readonly stateVersion: number;
}

/** With the fingerprint of the catalogue that its events were read by. */
export interface SnapshotRequest extends SnapshotIdentity {
  readonly catalogue: string;
}

/** A snapshot as it is stored, and the event that it ends with. */
export interface StoredSnapshot {
  readonly version: number;
  readonly position: number;
  readonly eventId: string;
  readonly json: string;
  readonly patches: string | null;
}

/** The columns `snapshot_…` of a row; undefined where it has none. */
export function decodeSnapshot(row: TextRow | undefined): StoredSnapshot | undefined {
  if (row?.["snapshot_version"] == null) return undefined;
  return {
    version: toSafeInteger(row["snapshot_version"]),
    position: toSafeInteger(row["snapshot_position"]),
    eventId: row["snapshot_event_id"] ?? "",
    json: row["snapshot_state"] ?? "null",
    patches: row["snapshot_patches"] ?? null,
  };
}
