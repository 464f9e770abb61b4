import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { administer, type Fault } from "./fault.ts";

/** A stranger's transaction holds the streams that everybody appends to, or is creating one that somebody wants. */
export const lockStreams: Fault = {
  name: "streams locked",
  strike: ({ url, schema, random }) =>
    administer(url, async (client) => {
      const streams = `${pg.escapeIdentifier(schema)}.streams`;
      await client.query("begin");
      // It waits only while it holds nothing: a stranger who locks in an order of its own could close a ring with callers' transactions.
      await client.query(`insert into ${streams} (tenant, name) values ('', $1) on conflict do nothing`, [`warm-${random.between(0, 199)}`]);
      await client.query(`select from ${streams} where name in ('hot-0', 'hot-2') or name like 'warm-1%' for update skip locked`);
      await delay(random.between(50, 1_500));
      await client.query("rollback");
    }),
};
