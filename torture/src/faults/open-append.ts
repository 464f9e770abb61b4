import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { storeFunction } from "../cluster/store-function.ts";
import { administer, type Fault } from "./fault.ts";

/** A floor that is held for long and nothing is ever written above it: the mark waits, and then goes on. */
export const openAppend: Fault = {
  name: "open append",
  strike: ({ url, schema, random }) =>
    administer(url, async (client) => {
      const holdFloor = await storeFunction(async (text) => (await client.query(text)).rows, pg.escapeIdentifier(schema), "hold_floor");
      await client.query("begin");
      await client.query(`select ${holdFloor}()`);
      await delay(random.between(300, 2_500));
      await client.query("rollback");
    }),
};
