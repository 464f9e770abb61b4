import type { TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";

/** A row of `process_commands` that is to be issued, or that keeps those behind it from being issued. */
export interface PendingCommand {
  readonly id: number;
  readonly instanceId: number;
  readonly instance: string;
  readonly input: number;
  readonly path: readonly number[];
  readonly kind: "command" | "append";
  readonly stream: string | undefined;
  readonly payload: unknown;
  /** How often it failed. */
  readonly attempts: number;
  /** Not while it waits for its next try, or is parked. */
  readonly ready: boolean;
}

export function pendingCommand(row: TextRow): PendingCommand {
  const path: readonly number[] = JSON.parse(row["path"] ?? "[]");
  return {
    id: toSafeInteger(row["id"]),
    instanceId: toSafeInteger(row["instance_id"]),
    instance: row["instance"] ?? "",
    input: toSafeInteger(row["input"]),
    path,
    kind: row["kind"] === "append" ? "append" : "command",
    stream: row["stream"] ?? undefined,
    payload: JSON.parse(row["payload"] ?? "null"),
    attempts: toSafeInteger(row["attempts"]),
    ready: row["status"] === "pending" && row["is_due"] === "true",
  };
}
