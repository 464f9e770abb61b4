import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { administer, workerBackends, type Fault } from "./fault.ts";

/** Defaults that somebody set for the database. New sessions have them. */
const settings: readonly [string, ...string[]] = [
  "default_transaction_isolation = 'serializable'",
  "default_transaction_isolation = 'repeatable read'",
  "statement_timeout = '40ms'",
  "lock_timeout = '1ms'",
  "deadlock_timeout = '1ms'",
  "default_transaction_read_only = on",
  "standard_conforming_strings = off",
];

export const hostileSettings: Fault = {
  name: "hostile settings",
  withoutReplica: true,
  async strike({ url, random }) {
    const name = pg.escapeIdentifier(new URL(url).pathname.slice(1));
    const setting = random.pick(settings);
    const renewSessions = async (client: pg.Client): Promise<void> => {
      for (const pid of await workerBackends(client)) await client.query("select pg_terminate_backend($1)", [pid]);
    };
    await administer(url, async (client) => {
      await client.query(`alter database ${name} set ${setting}`);
      await renewSessions(client);
    });
    await delay(random.between(500, 2_000));
    await administer(url, async (client) => {
      await client.query(`alter database ${name} reset all`);
      await renewSessions(client);
    });
  },
};
