import type { DatabaseError, TransactionEndedError } from "../errors/database.ts";
import { isTidemarkError } from "../errors/errors.ts";

/** Whether the same statement can succeed a moment later, without anything being written twice. */
export function isTransient(error: unknown): boolean {
  // Nothing was sent, or the ids were marked to be looked up: see PendingAppend.unanswered.
  if (isTidemarkError(error, "CONNECTION")) return true;
  return isTidemarkError(error, "DATABASE") && (error.sqlState === "40001" || error.sqlState === "53300" || error.sqlState === "57P03");
}

/** Another transaction holds a row or an index entry that this statement needs. */
export function isBlocked(error: unknown): error is DatabaseError {
  return isTidemarkError(error, "DATABASE") && (error.sqlState === "55P03" || error.sqlState === "40P01");
}

/** The id of an event stands in the log already: an earlier try got through, or the id is not new. */
export function isRepeatedId(error: unknown): boolean {
  return isTidemarkError(error, "DATABASE") && error.sqlState === "23505" && idConstraint.test(error.constraint ?? "");
}

/** A version of a stream was given meanwhile: it was read in an older snapshot, or remembered. */
export function isTakenVersion(error: unknown): boolean {
  return isTidemarkError(error, "DATABASE") && error.sqlState === "23505" && versionConstraint.test(error.constraint ?? "");
}

/** Each leaf of a log in partitions has constraints of its own, `events_1000_…`, and all have one table of ids. */
const idConstraint = /^(?:events(?:_\d+)?_tenant_id_key|event_ids_pkey)$/;
const versionConstraint = /^events(?:_\d+)?_stream_id_version_key$/;

/** Resources, operator, system, transaction state, this library's own: what fails one append of a batch fails all. */
const concernsAll = /^(08|25|53|57|58|TM|XX)/;

/**
 * Whether one append of a batch may have caused this alone. So may a statement of its projection's that ended the transaction, or that
 * failed while the projection looked away (25P02, at the commit).
 */
export function hasCulprit(error: unknown): error is DatabaseError | TransactionEndedError {
  if (isTidemarkError(error, "TRANSACTION_ENDED")) return true;
  return isTidemarkError(error, "DATABASE") && (error.sqlState === "25P02" || !concernsAll.test(error.sqlState));
}

/** It was sent, and its outcome is unknown. */
export function isUnanswered(error: unknown): boolean {
  return isTidemarkError(error, "CONNECTION") && error.sent;
}
