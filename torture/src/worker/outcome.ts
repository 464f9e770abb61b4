import { isTidemarkError } from "tidemark";
import type { Conflict } from "../history/entry.ts";

/** What an operation that threw tells of what it wrote. */
export type Failure =
  | { readonly t: "fail"; readonly code: string; readonly conflicts?: readonly Conflict[] }
  | { readonly t: "unknown"; readonly code: string }
  | { readonly t: "untyped"; readonly message: string };

/** Thrown by an operation that changed its mind: its transaction rolls back. */
export class ChangedMind extends Error {}

/** The library's word is taken: only the checker judges whether it was true. */
export function failureOf(error: unknown): Failure {
  if (error instanceof ChangedMind) return { t: "fail", code: "CHANGED_MIND" };
  if (isTidemarkError(error, "OUTCOME_UNKNOWN")) return { t: "unknown", code: error.code };
  if (isTidemarkError(error, "VERSION_CONFLICT")) {
    return { t: "fail", code: error.code, conflicts: error.conflicts.map(({ streamId, actual }) => [streamId, actual]) };
  }
  if (isTidemarkError(error, "DATABASE")) return { t: "fail", code: `${error.code} ${error.sqlState}` };
  if (isTidemarkError(error)) return { t: "fail", code: error.code };
  return { t: "untyped", message: error instanceof Error ? `${error.stack}` : String(error) };
}

/** For commands, which try again after a conflict: one that lost every time was refused for no fault of the stream's. */
export function gaveUp(error: unknown): Failure {
  return isTidemarkError(error, "VERSION_CONFLICT") ? { t: "fail", code: "CHANGED_MIND" } : failureOf(error);
}

/** What a user may conclude when COMMIT on a connection of their own fails: only an answer of the server's is definite. */
export function commitFailure(error: unknown): Failure {
  const sqlState = error instanceof Error && "code" in error && typeof error.code === "string" && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
  // A server that stops with its answer may find the commit in its log when it recovers.
  const stops = error instanceof Error && "severity" in error && error.severity === "PANIC";
  if (sqlState === undefined || stops || /^(08|57P0)/.test(sqlState)) return { t: "unknown", code: `COMMIT ${sqlState ?? "unanswered"}` };
  return { t: "fail", code: `COMMIT ${sqlState}` };
}
