import { setTimeout as delay } from "node:timers/promises";
import { administer, type Fault } from "./fault.ts";

/** A neighbour's old snapshot, an idle transaction that wrote, and an idle one in another database. Nothing may wait for them. */
export const strangers: Fault = {
  name: "strangers' transactions",
  async strike({ url, server, random }) {
    const idleMs = random.between(500, 2_500);
    await Promise.all([
      administer(url, async (client) => {
        await client.query("begin isolation level repeatable read");
        await client.query("select pg_current_xact_id()");
        await delay(idleMs);
        await client.query("rollback");
      }),
      administer(server.url, async (client) => {
        await client.query("begin");
        await client.query("select pg_current_xact_id()");
        await delay(idleMs);
        await client.query("rollback");
      }),
    ]);
  },
};
