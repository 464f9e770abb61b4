import { InvalidArgumentError } from "../errors.ts";
import type { Session, TextRow, UserResult } from "./database.ts";
import { type PGliteQueryable, type PGliteTransaction, textOptions } from "./pglite-client.ts";
import { toTidemarkError } from "./sql-state.ts";

export interface PGliteSession extends Session {
  /** Call it before the commit: throws when a statement failed, which PGlite before 0.5.16 commits as a silent rollback. */
  settle(): Promise<void>;
}

/** The seam's session on a PGlite, or inside one of its transactions. PGlite itself runs one statement at a time. */
export function createPGliteSession(client: PGliteQueryable | PGliteTransaction): PGliteSession {
  let failed = false;
  async function run<T>(statement: () => Promise<T>): Promise<T> {
    if ("closed" in client && client.closed)
      throw new InvalidArgumentError("tx", "was used after its transaction had ended. Await everything inside the callback.");
    try {
      return await statement();
    } catch (error) {
      failed = true;
      throw toTidemarkError(error);
    }
  }
  return {
    client,
    async query(statement, values, { signal } = {}) {
      signal?.throwIfAborted();
      const { rows } = await run(() => client.query(statement.text, [...values], textOptions));
      return rows as TextRow[];
    },
    async userQuery<Row>(text: string, values: readonly unknown[]): Promise<UserResult<Row>> {
      const { rows, rowCount, affectedRows } = await run(() => client.query(text, [...values]));
      return { rows: rows as Row[], rowCount: rowCount ?? affectedRows ?? null };
    },
    async execute(script) {
      await run(() => client.exec(script));
    },
    async settle() {
      if (failed) await run(() => client.query("select 1"));
    },
  };
}
