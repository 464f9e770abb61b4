import { isTidemarkError } from "../errors/errors.ts";
import { toTidemarkError } from "./sql-state.ts";
import type { TransactionClient } from "./transaction-client.ts";

/**
 * When a transaction began, in microseconds: the same in all of it, whatever savepoints it goes back to, and another one in the next
 * transaction of the connection and in a statement outside of any. It needs no setting, and it is text, which few clients change.
 */
export const transactionBegan = "(extract(epoch from pg_catalog.now()) * 1000000::numeric)::bigint::text";

/** Resolves to when the client's transaction began; undefined where it is in none. */
export type AskBegan = () => Promise<string | undefined>;

/**
 * The transaction of a client that does not say whether it is still in it. After its end such a client may send statements outside of
 * any transaction, or inside the next one that its connection has. So each statement that gives rows runs only where it finds the
 * transaction that was there at the first: that costs no round trip, unless it gives none.
 */
export class SameTransaction {
  readonly #ask: AskBegan;
  #began: Promise<string | undefined> | undefined;

  constructor(ask: AskBegan) {
    this.#ask = ask;
  }

  /** Whether the client was in a transaction when it was first asked. */
  async found(): Promise<boolean> {
    // Not kept where it failed.
    this.#began ??= this.#ask().catch((error: unknown) => {
      this.#began = undefined;
      throw error;
    });
    return (await this.#began) !== undefined;
  }

  /** A statement with rows, which does not run outside of the transaction, and then gives none. */
  async guard(text: string): Promise<string> {
    // No column of the statement's is in the condition, so that PostgreSQL looks at it before the statement begins.
    return `with line as (${text}) select line.* from line where ${transactionBegan} operator(pg_catalog.=) '${await this.#began}'`;
  }

  /** Whether the client is in it now. */
  async holds(): Promise<boolean> {
    return (await this.#ask()) === (await this.#began);
  }
}

/** Asks by a savepoint, which PostgreSQL refuses outside a transaction (25P01), and which leaves nothing behind inside one. */
export async function askBegan(query: TransactionClient["query"]): Promise<string | undefined> {
  return await unlessOutside(async () => {
    await query("savepoint tidemark_probe", []);
    await query("release savepoint tidemark_probe", []);
    const { rows } = await query(`select ${transactionBegan} as began`, []);
    const [began] = Object.values(rows[0] ?? {});
    return String(began);
  });
}

/** Undefined where PostgreSQL says that `work` ran outside a transaction. */
export async function unlessOutside<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (cause) {
    const error = toTidemarkError(cause);
    if (isTidemarkError(error, "DATABASE") && error.sqlState === "25P01") return undefined;
    throw error;
  }
}

/** What changes a table has no place so deep inside another statement; the library sends none without one before that is guarded. */
export function changesTable(text: string): boolean {
  return /\b(insert into|delete from)\b|^\s*update\b/i.test(text);
}
