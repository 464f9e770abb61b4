import type { TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";

/** Whose snapshot, next to the stream's id. */
export interface KeptName {
  readonly kind: "stream" | "aggregate";
  readonly name: string;
  readonly stateVersion: number;
}

/** A snapshot as it is stored, and the event that it ends with. */
export interface Kept {
  readonly version: number;
  readonly position: number;
  readonly eventId: string;
  readonly json: string;
  readonly patches: string | null;
}

/** The columns `kept_…` of a row; undefined where it has none. */
export function decodeKept(row: TextRow | undefined): Kept | undefined {
  if (row?.["kept_version"] == null) return undefined;
  return {
    version: toSafeInteger(row["kept_version"]),
    position: toSafeInteger(row["kept_position"]),
    eventId: row["kept_event_id"] ?? "",
    json: row["kept_state"] ?? "null",
    patches: row["kept_patches"] ?? null,
  };
}
