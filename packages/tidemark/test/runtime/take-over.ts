import pg from "pg";
import type { FollowerWorker } from "../../src/runtime/follower-worker.ts";
import { eventually, expect } from "../support/test.ts";

/** Starts a worker that takes all shards over from those that hold them: their leases end again whenever a heartbeat of theirs has come between. */
export async function takeOver<Started extends { readonly worker: Pick<FollowerWorker, "look"> }>(
  sql: pg.Pool,
  schema: string,
  start: () => Promise<Started>,
): Promise<Started> {
  const at = pg.escapeIdentifier(schema);
  const { rows } = await sql.query<{ owner: string }>(`select distinct owner from ${at}.consumer_leases`);
  const last = rows.map(({ owner }) => owner);
  const started = await start();
  await eventually(async () => {
    await sql.query(`update ${at}.consumer_leases set lease_end = '-infinity' where owner = any ($1)`, [last]);
    await sql.query(`delete from ${at}.consumer_workers where worker = any ($1)`, [last]);
    await started.worker.look();
    expect((await sql.query(`select from ${at}.consumer_leases where owner = any ($1)`, [last])).rowCount).toBe(0);
  });
  return started;
}
