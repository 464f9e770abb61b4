import type { Database, Session } from "../database/database.ts";

/** A transaction that is ended by a call, not by the return of a callback. */
export interface OpenTransaction {
  readonly session: Session;
  /** As `Database.transaction`: rejects where the commit failed, or where its outcome is unknown. */
  commit(): Promise<void>;
  /** Never fails: a connection that cannot roll back is closed, which rolls back. */
  rollback(): Promise<void>;
}

const rolledBack = new Error("rolled back");

export async function openTransaction(database: Database, idleTimeoutMs: number): Promise<OpenTransaction> {
  const opened = Promise.withResolvers<Session>();
  const end = Promise.withResolvers<"commit" | "rollback">();
  const over = database.transaction(
    async (session) => {
      opened.resolve(session);
      if ((await end.promise) === "rollback") throw rolledBack;
    },
    { idleTimeoutMs },
  );
  // Where BEGIN fails, the work never starts.
  over.catch(opened.reject);
  const session = await opened.promise;
  return {
    session,
    commit: () => {
      end.resolve("commit");
      return over;
    },
    rollback: async () => {
      end.resolve("rollback");
      await over.catch(() => {});
    },
  };
}
