import { startServer } from "@tidemark/servers";
import { expect, test } from "vitest";
import { administer } from "../src/faults/fault.ts";

test("who heals a fault is out of its way, whatever it has set for the database", async () => {
  await using server = await startServer();
  const name = new URL(server.url).pathname.slice(1);
  await administer(server.url, async (client) => {
    for (const setting of ["statement_timeout = '1ms'", "default_transaction_read_only = on", "default_transaction_isolation = 'serializable'"]) {
      await client.query(`alter database ${name} set ${setting}`);
    }
  });

  await administer(server.url, async (client) => {
    await client.query("select pg_sleep(0.05)");
    expect((await client.query("select current_setting('transaction_isolation') as isolation")).rows).toEqual([{ isolation: "read committed" }]);
    await client.query(`alter database ${name} reset all`);
  });
});
