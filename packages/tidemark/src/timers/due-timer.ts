import type { EncodedAppend, EncodedEvent } from "../append/encoded.ts";
import { namedUuids } from "../arguments/named-uuid.ts";
import type { TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { nextDue } from "./cron.ts";
import type { Recurrence } from "./timer-writes.ts";

/** Which timer, and in which setting of it: one that is set again has another event id. */
export interface TimerPlace {
  readonly owner: number;
  readonly key: string;
  readonly streamId: string;
  readonly eventId: string;
  /** How often its event could not be appended. */
  readonly attempts: number;
  /** In milliseconds since 1970. */
  readonly dueMs: number;
}

/** A timer that a transaction has taken to append its event. */
export interface DueTimer extends TimerPlace {
  readonly event: EncodedEvent;
  readonly recurrence: Recurrence | undefined;
  /** How late it is, by the database's clock. */
  readonly lateMs: number;
  /** When it is due next, in milliseconds since 1970. Undefined: it fires no more. */
  readonly nextDueMs: number | undefined;
}

export function dueTimer(row: TextRow): DueTimer {
  const { cron, time_zone: timeZone, missed } = row;
  const eventId = row["event_id"] ?? "";
  const place = timerPlace(row);
  const { dueMs } = place;
  const nowMs = toSafeInteger(row["now"]);
  const recurrence: Recurrence | undefined = cron == null ? undefined : { cron, timeZone: timeZone ?? "UTC", missed: missed === "each" ? "each" : "once" };
  return {
    ...place,
    event: {
      // Of a recurring timer each event has an id of its own, the same one whoever appends it.
      id: recurrence ? namedUuids(eventId)(`${dueMs}`) : eventId,
      type: row["type"] ?? "",
      data: row["data"] ?? "null",
      metadata: row["metadata"] ?? "",
      tags: row["tags"] ?? "",
      schemaVersion: toSafeInteger(row["schema_version"]),
    },
    recurrence,
    lateMs: nowMs - dueMs,
    nextDueMs: recurrence && nextDue(recurrence, recurrence.missed === "each" ? dueMs : Math.max(dueMs, nowMs)),
  };
}

export function timerPlace(row: TextRow): TimerPlace {
  return {
    owner: toSafeInteger(row["owner"]),
    key: row["key"] ?? "",
    streamId: row["stream"] ?? "",
    eventId: row["event_id"] ?? "",
    attempts: toSafeInteger(row["attempts"]),
    dueMs: toSafeInteger(row["due_at"]),
  };
}

/** What a timer appends. */
export function appendOf(tenant: string, { streamId, event }: DueTimer): EncodedAppend {
  const bytes = Buffer.byteLength(event.data) + Buffer.byteLength(event.metadata);
  const tags = event.tags === "" ? 0 : event.tags.split("\x1f").length;
  return { parts: [{ tenant, streamId, expected: "any", events: [event] }], events: 1, bytes, ownIds: true, tags };
}
