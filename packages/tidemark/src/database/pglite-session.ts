import { InvalidArgumentError } from "../errors/errors.ts";
import { TransactionEndedError } from "../errors/database.ts";
import type { TextRow, UserResult } from "./database.ts";
import { allowCommit, commitHeld, foundNoHeldCommit } from "./held-commit.ts";
import { type PGliteQueryable, type PGliteTransaction, textOptions } from "./pglite-client.ts";
import { asScript, type Sending } from "./session.ts";
import { toTidemarkError } from "./sql-state.ts";
import { textOf } from "./statement-text.ts";

export interface PGliteSending extends Sending {
  /** Call it before the commit of a transaction that began with `holdCommit`. */
  settle(): Promise<void>;
}

/**
 * Sends to a PGlite, or inside one of its transactions.
 *
 * @param holding - The transaction is the library's own, and began with `holdCommit`.
 */
export function sendOnPGlite(client: PGliteQueryable | PGliteTransaction, holding = false): PGliteSending {
  /** The user's own client may have been used at any time. */
  let clientTaken = false;
  let unsure = false;
  async function run<T>(statement: () => Promise<T>): Promise<T> {
    if ("closed" in client && client.closed)
      throw new InvalidArgumentError("tx", "was used after its transaction had ended. Await everything inside the callback.");
    try {
      return await statement();
    } catch (error) {
      throw toTidemarkError(error);
    }
  }
  /** PGlite does not tell a transaction's status. */
  async function refuseEnded(): Promise<void> {
    if (!holding || !(unsure || clientTaken)) return;
    const { rows } = await run(() => client.query(commitHeld.text));
    if (rows.length === 0) throw new TransactionEndedError();
    unsure = false;
  }
  return {
    get client() {
      clientTaken = true;
      return client;
    },
    async query(statement, values, { signal } = {}) {
      signal?.throwIfAborted();
      await refuseEnded();
      const { rows } = await run(() => client.query(textOf(statement, "cast"), [...values], textOptions));
      return rows as TextRow[];
    },
    async userQuery<Row>(text: string, values: readonly unknown[]): Promise<UserResult<Row>> {
      unsure = true;
      const { rows, rowCount, affectedRows } = await run(() => client.query(text, [...values]));
      return { rows: rows as Row[], rowCount: rowCount ?? affectedRows ?? null };
    },
    async execute(script) {
      await run(() => client.exec(asScript(script)));
    },
    async settle() {
      try {
        await run(() => client.exec(allowCommit));
      } catch (error) {
        throw foundNoHeldCommit(error) || ("closed" in client && client.closed) ? new TransactionEndedError({ cause: error }) : error;
      }
    },
  };
}
