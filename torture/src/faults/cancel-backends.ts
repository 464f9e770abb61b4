import { setTimeout as delay } from "node:timers/promises";
import { administer, workerBackends, type Fault } from "./fault.ts";

export const cancelBackends: Fault = {
  name: "pg_cancel_backend",
  withoutReplica: true,
  strike: ({ url, random }) =>
    administer(url, async (client) => {
      for (let round = 20; round > 0; round--) {
        for (const pid of await workerBackends(client)) await client.query("select pg_cancel_backend($1)", [pid]);
        await delay(random.between(1, 30));
      }
    }),
};
