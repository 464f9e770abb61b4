import { isTidemarkError } from "tidemark";
import { OwnError } from "./call.ts";

/** What a healthy server and a caller who breaks every rule can bring about. Any other error is an anomaly. */
const expected = new Set([
  "VERSION_CONFLICT",
  "CONDITION_FAILED",
  "DUPLICATE_EVENT",
  "INVALID_ARGUMENT",
  "EVENT_TOO_LARGE",
  "NOT_FOUND",
  "WAIT_TIMEOUT",
  "TRANSACTION_ENDED",
  "PROJECTION_FAILED",
]);

/** What is wrong with an error that a call of the store rejected with; undefined where it is one of those that its caller can use. */
export function wrongError(error: unknown): string | undefined {
  if (error instanceof OwnError) return undefined;
  if (error instanceof Error && error.name === "AbortError") return undefined;
  if (isTidemarkError(error) && expected.has(error.code)) return undefined;
  if (isTidemarkError(error)) return `${error.code}: ${error.message}`;
  return `an error that is not the library's: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
