import type { PgClient } from "./pg-client.ts";

/**
 * Waits until the server has said what state a statement left. An error reaches the caller before that: until then the client
 * tells the state of before, so that a COMMIT that failed would pass for an open transaction.
 *
 * Resolves at once where the client is ready, when the connection is lost, and after `waitMs`: whatever is sent then waits itself.
 */
export function untilReady({ readyForQuery, connection }: PgClient, waitMs: number): Promise<void> | undefined {
  if (readyForQuery !== false || !connection) return undefined;
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      connection.removeListener("readyForQuery", finish);
      connection.removeListener("end", finish);
      resolve();
    };
    const timer = waitMs > 0 ? setTimeout(finish, waitMs) : undefined;
    connection.on("readyForQuery", finish);
    connection.on("end", finish);
  });
}
