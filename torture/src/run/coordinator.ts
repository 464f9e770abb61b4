import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { administer } from "../faults/fault.ts";

/**
 * What a transaction coordinator does: decides about prepared transactions whose owner has not, here by rolling them back. A
 * dead worker's would hold its streams, and the mark, for ever. Its outcome was unknown, so that either decision is right.
 */
export async function coordinate(url: () => string, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    // The server may be away.
    await resolvePrepared(url(), 3).catch(() => undefined);
    await delay(500, undefined, { signal: over }).catch(() => undefined);
  }
}

/** Rolls back what workers prepared this many seconds ago. */
export async function resolvePrepared(url: string, seconds: number): Promise<void> {
  await administer(url, async (client) => {
    const { rows } = await client.query<{ gid: string }>(
      "select gid from pg_prepared_xacts where database = current_database() and gid like 'prepared-%' and prepared < clock_timestamp() - $1 * interval '1 second'",
      [seconds],
    );
    // Its owner may decide at the same time.
    for (const { gid } of rows) await client.query(`rollback prepared ${pg.escapeLiteral(gid)}`).catch(() => undefined);
  });
}
