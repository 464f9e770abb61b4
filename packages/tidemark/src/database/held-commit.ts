import { isTidemarkError } from "../errors/errors.ts";
import type { Statement } from "./database.ts";
import { serverAnswer } from "./sql-state.ts";

const setting = "tidemark.a_statement_ended_the_transaction_of_the_library";

/**
 * The library's own transactions run statements of the user's, and one of those can be COMMIT, ROLLBACK or PREPARE TRANSACTION, in
 * whatever spelling, through whatever object. What comes after it would commit statement by statement, without a word.
 *
 * So a cursor WITH HOLD stays open in each of them. PostgreSQL runs its query when the transaction commits, and this one raises an
 * error: every COMMIT fails until the library closes the cursor. After a ROLLBACK the cursor is gone, and closing it fails. The
 * query names a setting that does not exist, so that the message says what is wrong; a raise of one's own would need a function.
 */
export const holdCommit: string = `declare tidemark_transaction no scroll cursor with hold for select pg_catalog.current_setting('${setting}')`;

/** Before the library's own COMMIT, in one message with it. */
export const allowCommit = "close tidemark_transaction";

/** Whether the transaction is still the one that the library began, for drivers that do not know its status. */
export const commitHeld: Statement = {
  name: "tidemark_commit_held",
  text: "select 'true' as held from pg_catalog.pg_cursors where name operator(pg_catalog.=) 'tidemark_transaction'",
};

/** Whether `allowCommit` found no cursor to close (34000: invalid cursor name). */
export function foundNoHeldCommit(error: unknown): boolean {
  return isTidemarkError(error, "DATABASE") && error.sqlState === "34000";
}

/** Whether a COMMIT of the user's was made to fail, as whichever driver says it. */
export function heldCommitFailed(error: unknown): boolean {
  return serverAnswer(error)?.message.includes(setting) ?? false;
}
