import { isRecord } from "../arguments/options.ts";
import type { EventDecoder } from "../catalogue/event-codec.ts";
import { letterEvent } from "../consumers/letter-event.ts";
import type { TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { decodeLogEvent } from "../read/decode.ts";
import type { ProcessCommand, ProcessError, ProcessInfo, ProcessInput, ProcessStatus, ProcessVersionInfo } from "./process-info.ts";
import type { StoredError } from "./stored-error.ts";

export function processInfo(row: TextRow): ProcessInfo {
  return {
    name: row["process"] ?? "",
    id: row["instance"] ?? "",
    number: toSafeInteger(row["id"]),
    version: toSafeInteger(row["version"]),
    stateVersion: toSafeInteger(row["state_version"]),
    status: statusOf(row),
    inputCount: toSafeInteger(row["inputs"]),
    handledCount: toSafeInteger(row["handled"]),
    lateCount: toSafeInteger(row["late"]),
    lastError: processError(row["error"]),
    createdAt: new Date(toSafeInteger(row["created_at"])),
    updatedAt: new Date(toSafeInteger(row["updated_at"])),
    endedAt: row["ended_at"] == null ? undefined : new Date(toSafeInteger(row["ended_at"])),
  };
}

export function processVersion(row: TextRow): ProcessVersionInfo {
  const startsUntil = row["starts_until"] == null ? undefined : toSafeInteger(row["starts_until"]);
  const position = toSafeInteger(row["position"]);
  const [openCount, parkedCount, pendingCount] = [row["open"], row["parked"], row["pending"]].map(toSafeInteger);
  const counts = { openCount: openCount ?? 0, parkedCount: parkedCount ?? 0, pendingCount: pendingCount ?? 0 };
  return {
    name: row["process"] ?? "",
    version: toSafeInteger(row["version"]),
    startsAfter: toSafeInteger(row["starts_after"]),
    startsUntil,
    position,
    ...counts,
    workers: toSafeInteger(row["workers"]),
    needed: startsUntil === undefined || position < startsUntil || Object.values(counts).some((count) => count > 0),
  };
}

function statusOf({ status, parked }: TextRow): ProcessStatus {
  if (parked != null) return "parked";
  return status === "completed" || status === "cancelled" ? status : "running";
}

export function processInput(row: TextRow, handled: number, decoder: Pick<EventDecoder, "decode">): ProcessInput {
  const number = toSafeInteger(row["number"]);
  return { number, handled: number <= handled, ...letterEvent(decodeLogEvent(row), decoder) };
}

const settled = { done: "done", refused: "refused", parked: "parked", cancelled: "cancelled" } as const;

export function processCommand(row: TextRow): ProcessCommand {
  const path: readonly number[] = JSON.parse(row["path"] ?? "[]");
  const payload: unknown = JSON.parse(row["payload"] ?? "{}");
  const { command, events } = isRecord(payload) ? payload : {};
  const status = Object.entries(settled).find(([name]) => name === row["status"])?.[1] ?? "pending";
  const due = status === "pending" ? row["due_at"] : null;
  return {
    input: toSafeInteger(row["input"]),
    path,
    kind: row["kind"] === "append" ? "append" : "command",
    streamId: row["stream"] ?? undefined,
    content: row["kind"] === "append" ? events : command,
    status,
    attempts: toSafeInteger(row["attempts"]),
    dueAt: due == null ? undefined : new Date(toSafeInteger(due)),
    error: processError(row["error"]),
  };
}

function processError(json: string | null | undefined): ProcessError | undefined {
  if (json == null) return undefined;
  const { name, code, message }: StoredError = JSON.parse(json);
  return { name, code: code ?? undefined, message };
}
