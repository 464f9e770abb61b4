import pg from "pg";
import type { Failure } from "../worker/outcome.ts";
import { ChangedMind, commitFailure, failureOf } from "../worker/outcome.ts";

/** What COMMIT itself said, which only the user hears. */
export class CommitFailed extends Error {}

/** A client of the user's own, for the time of `work`. */
export async function withOwnClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, idle_in_transaction_session_timeout: 5_000 });
  // Without a listener the end of a connection would end the process. What was asked of it fails all the same.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    // A connection that lost its server may never say goodbye.
    void client.end().catch(() => undefined);
  }
}

/** Sends the user's COMMIT, in whatever words. */
export async function commitOwn(client: pg.Client, statement = "commit"): Promise<void> {
  const { command } = await client.query(statement).catch((cause: unknown) => {
    throw new CommitFailed(statement, { cause });
  });
  if (!command.startsWith("COMMIT")) throw new ChangedMind("the server rolled back");
}

/** The user's own driver throws its own errors. Without COMMIT nothing is written. */
export function ownFailure(error: unknown): Failure {
  if (error instanceof CommitFailed) return commitFailure(error.cause);
  const failure = failureOf(error);
  return failure.t === "fail" ? failure : { t: "fail", code: "DRIVER" };
}
