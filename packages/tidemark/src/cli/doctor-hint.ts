import { isTidemarkError } from "../errors/errors.ts";

/** Errors behind which there is something that `tidemark doctor` finds, by their code. */
const explained: ReadonlySet<string> = new Set(["MIGRATION_CHANGED", "SEQUENCE_BEHIND", "HISTORY_FORKED", "WAIT_TIMEOUT"]);

/** The same for what PostgreSQL says, by its SQLSTATE. */
const explainedStates: ReadonlySet<string> = new Set([
  // A privilege is missing.
  "42501",
  // So is a function, a table or a column.
  "42883",
  "42P01",
  "42703",
  // The role or the database has a time-out.
  "57014",
  "55P03",
  "25P03",
  // Locks, or memory for them, have run out.
  "53200",
]);

/** What leads on where the cause lies in the database, and the message does not say how to mend it. */
export function doctorHint(error: unknown): string | undefined {
  if (!isTidemarkError(error)) return undefined;
  const found = explained.has(error.code) || (isTidemarkError(error, "DATABASE") && explainedStates.has(error.sqlState));
  return found ? "To find the cause, and how to mend it: tidemark doctor" : undefined;
}
