import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { administer, workerBackends, type Fault } from "./fault.ts";

/** Other applications take every connection that the server has. */
export const exhaustConnections: Fault = {
  name: "max_connections reached",
  async strike({ url, random }) {
    const taken: pg.Client[] = [];
    const take = async (): Promise<boolean> => {
      const client = new pg.Client({ connectionString: url, application_name: "nemesis", connectionTimeoutMillis: 2_000 });
      client.on("error", () => undefined);
      try {
        await client.connect();
        taken.push(client);
        return true;
      } catch {
        return false;
      }
    };
    try {
      // Frees connections for itself, so that workers have to come back to a full server.
      await administer(url, async (client) => {
        for (const pid of random.shuffle(await workerBackends(client)).slice(0, 6)) await client.query("select pg_terminate_backend($1)", [pid]);
      });
      while (await take());
      await delay(random.between(300, 1_500));
    } finally {
      for (const client of taken) void client.end().catch(() => undefined);
    }
  },
};
