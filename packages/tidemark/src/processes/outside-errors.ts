import { isTidemarkError } from "../errors/errors.ts";

/** Codes of system errors that say that somebody else was not there, too slow, or hung up. */
const networkCodes = new Set([
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EAI_AGAIN",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETRESET",
  "ENETUNREACH",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
]);
const mostCauses = 8;

/** Whether an error is the outside's: what was tried can succeed later without other changes. */
export function isOutside(error: unknown): boolean {
  for (let at = error, depth = 0; typeof at === "object" && at !== null && depth < mostCauses; depth++) {
    if (isTidemarkError(at)) return at.retryable;
    if ("retryable" in at && typeof at.retryable === "boolean") return at.retryable;
    if ("name" in at && (at.name === "TimeoutError" || at.name === "AbortError")) return true;
    // Those of undici, which is behind `fetch`, begin with UND_ERR_.
    if ("code" in at && typeof at.code === "string" && (networkCodes.has(at.code) || at.code.startsWith("UND_ERR_"))) return true;
    at = "cause" in at ? at.cause : undefined;
  }
  return false;
}
