import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { administer, type Fault } from "./fault.ts";

/** Somebody's maintenance locks the log against writers. */
export const lockTable: Fault = {
  name: "table locked",
  strike: ({ url, schema, random }) =>
    administer(url, async (client) => {
      await client.query("begin");
      await client.query(`lock table ${pg.escapeIdentifier(schema)}.events in share row exclusive mode`);
      await delay(random.between(50, 1_500));
      await client.query("rollback");
    }),
};
