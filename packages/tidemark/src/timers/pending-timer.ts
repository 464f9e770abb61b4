import type { TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import type { Timer } from "./timer.ts";

/** A timer of the application's, or of a process instance. */
export interface PendingTimer extends Timer {
  readonly owner: number;
}

export function pendingTimer(row: TextRow): PendingTimer {
  const { error_message: message, missed } = row;
  return {
    owner: toSafeInteger(row["owner"]),
    key: row["key"] ?? "",
    streamId: row["stream"] ?? "",
    type: row["type"] ?? "",
    eventId: row["event_id"] ?? "",
    dueAt: new Date(toSafeInteger(row["due_at"])),
    cron: row["cron"] ?? undefined,
    timeZone: row["time_zone"] ?? undefined,
    missed: missed === "once" || missed === "each" ? missed : undefined,
    attempts: toSafeInteger(row["attempts"]),
    error: message == null ? undefined : { code: row["error_code"] ?? undefined, message },
    nextTryAt: row["next_try_at"] == null ? undefined : new Date(toSafeInteger(row["next_try_at"])),
    parked: row["parked"] === "true",
  };
}
