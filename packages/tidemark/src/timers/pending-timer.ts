import type { TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";

/** A timer that has not fired. */
export interface PendingTimer {
  readonly owner: number;
  readonly key: string;
  readonly streamId: string;
  readonly eventId: string;
  readonly type: string;
  readonly dueAt: Date;
  /** How often its event could not be appended. */
  readonly attempts: number;
  /** Of the last attempt. */
  readonly error: { readonly code: string | undefined; readonly message: string } | undefined;
  /** Too many attempts failed: it waits until it is set again. */
  readonly parked: boolean;
}

export function pendingTimer(row: TextRow): PendingTimer {
  const message = row["error_message"];
  return {
    owner: toSafeInteger(row["owner"]),
    key: row["key"] ?? "",
    streamId: row["stream"] ?? "",
    eventId: row["event_id"] ?? "",
    type: row["type"] ?? "",
    dueAt: new Date(toSafeInteger(row["due_at"])),
    attempts: toSafeInteger(row["attempts"]),
    error: message == null ? undefined : { code: row["error_code"] ?? undefined, message },
    parked: row["parked"] === "true",
  };
}
