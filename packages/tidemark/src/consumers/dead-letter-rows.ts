import type { EventDecoder } from "../catalogue/event-codec.ts";
import type { TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import type { Event, RecordedEvent } from "../model/event.ts";
import { decodeLogEvent } from "../read/decode.ts";
import type { DeadLetter, ResolvedDeadLetter } from "./dead-letter.ts";
import { letterEvent } from "./letter-event.ts";

export function deadLetter<E extends Event>(row: TextRow, decoder: EventDecoder): DeadLetter<E> {
  const { event, decodeError } = letterEvent(decodeLogEvent(row), decoder);
  const message = row["error_message"];
  const state = row["state"];
  return {
    consumer: row["consumer"] ?? "",
    kind: row["kind"] === "relay" ? "relay" : "consumer",
    position: event.position,
    eventId: event.id,
    state: state === "parked" || state === "skipped" ? state : "failed",
    retryRequested: row["retry_requested"] === "true",
    attempts: Number(row["attempts"]),
    error: message == null ? undefined : { code: row["error_code"] ?? undefined, message, stack: row["error_stack"] ?? undefined },
    parkedAt: new Date(Number(row["parked_at"])),
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a type holds is the caller's promise
    event: event as RecordedEvent<E>,
    decodeError,
  };
}

export function resolvedLetter(row: TextRow): ResolvedDeadLetter {
  const message = row["error_message"];
  const outcome = row["outcome"];
  return {
    consumer: row["consumer"] ?? "",
    kind: row["kind"] === "relay" ? "relay" : "consumer",
    position: toSafeInteger(row["position"]),
    eventId: row["event_id"] ?? "",
    streamId: row["stream_name"] ?? "",
    type: row["type"] ?? "",
    outcome: outcome === "discarded" || outcome === "reset" ? outcome : "handled",
    attempts: Number(row["attempts"]),
    error: message == null ? undefined : { code: row["error_code"] ?? undefined, message },
    parkedAt: new Date(Number(row["parked_at"])),
    resolvedAt: new Date(Number(row["resolved_at"])),
  };
}
