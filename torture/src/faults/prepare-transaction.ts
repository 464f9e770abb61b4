import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { storeFunction } from "../cluster/store-function.ts";
import { administer, type Fault } from "./fault.ts";

/** An append in a prepared transaction, which no session holds. */
export const prepareTransaction: Fault = {
  name: "prepared transaction",
  strike: ({ url, schema, random }) =>
    administer(url, async (client) => {
      const name = `nemesis-${random.between(0, 1e9)}`;
      const holdFloor = await storeFunction(async (text) => (await client.query(text)).rows, pg.escapeIdentifier(schema), "hold_floor");
      await client.query("begin");
      await client.query(`select ${holdFloor}()`);
      await client.query("create table if not exists public.prepared (n integer)");
      await client.query(`prepare transaction '${name}'`);
      await delay(random.between(300, 2_000));
      await client.query(`rollback prepared '${name}'`);
    }),
};
