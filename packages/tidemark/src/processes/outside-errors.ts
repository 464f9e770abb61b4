import { isTidemarkError } from "../errors/errors.ts";

/** Codes of system errors that say that somebody else was not there, too slow, or hung up. */
const networkCodes = [
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EAI_AGAIN",
  "EAI_FAIL",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETRESET",
  "ENETUNREACH",
  "ENOTCONN",
  "ENOTFOUND",
  "EPIPE",
  "ETIMEDOUT",
];
/** Codes that say that this machine has no files, ports or memory left: nobody was asked. */
const exhaustedCodes = ["EADDRINUSE", "EADDRNOTAVAIL", "EAGAIN", "EAI_MEMORY", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"];
const codes = new Set([...networkCodes, ...exhaustedCodes]);
/** `HTTPParserError`: what `fetch` got is no HTTP, as from a proxy that breaks down. It has no code. */
const names = new Set(["TimeoutError", "AbortError", "HTTPParserError"]);
const mostCauses = 8;

/** Whether an error is the outside's: what was tried can succeed later without other changes. */
export function isOutside(error: unknown): boolean {
  for (let at = error, depth = 0; typeof at === "object" && at !== null && depth < mostCauses; depth++) {
    if (isTidemarkError(at)) return at.retryable;
    if ("retryable" in at && typeof at.retryable === "boolean") return at.retryable;
    if ("name" in at && typeof at.name === "string" && names.has(at.name)) return true;
    // Those of undici, which is behind `fetch`, begin with UND_ERR_.
    if ("code" in at && typeof at.code === "string" && (codes.has(at.code) || at.code.startsWith("UND_ERR_"))) return true;
    at = "cause" in at ? at.cause : undefined;
  }
  return false;
}
