import { administer, workerBackends, type Fault } from "./fault.ts";

export const terminateBackends: Fault = {
  name: "pg_terminate_backend",
  strike: ({ url, random }) =>
    administer(url, async (client) => {
      for (const pid of random.shuffle(await workerBackends(client)).slice(0, random.between(1, 8))) {
        await client.query("select pg_terminate_backend($1)", [pid]);
      }
    }),
};
