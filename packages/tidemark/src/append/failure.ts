import { type DatabaseError, isTidemarkError, type TransactionEndedError } from "../errors/errors.ts";

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
  return isTidemarkError(error, "DATABASE") && error.sqlState === "23505" && error.constraint === "events_tenant_id_key";
}

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

/** It was sent, and nobody knows what became of it. */
export function isUnanswered(error: unknown): boolean {
  return isTidemarkError(error, "CONNECTION") && error.sent;
}
