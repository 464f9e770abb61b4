import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { administer, signal, type Fault } from "./fault.ts";

/** A session draws positions in a loop and is stopped again and again, now and then while it holds the sequence's page. It leaves gaps of thousands. */
export const freezeDrawing: Fault = {
  name: "freeze of a session that draws positions",
  strike: ({ url, schema, random }) =>
    administer(url, async (client) => {
      const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
      const pid = rows[0]?.pid ?? 0;
      const sequence = pg.escapeLiteral(`${pg.escapeIdentifier(schema)}.events_position_seq`);
      const drawing = client.query(`do $$ begin loop perform nextval(${sequence}::regclass); end loop; end $$`).catch(() => undefined);
      try {
        for (let rounds = 40; rounds > 0; rounds--) {
          await delay(1);
          signal(pid, "SIGSTOP");
          await delay(random.between(10, 50));
          signal(pid, "SIGCONT");
        }
      } finally {
        await administer(url, (other) => other.query("select pg_cancel_backend($1)", [pid]));
        await drawing;
      }
    }),
};
