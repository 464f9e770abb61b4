import pg from "pg";
import { expect, test } from "vitest";
import { hasPgbouncer, startPgbouncer, startServer } from "../src/index.ts";

async function backend(url: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]?.pid;
  } finally {
    await client.end();
  }
}

test("a pooler shares its few sessions among clients, and comes back on its port after it was killed", async () => {
  if (!hasPgbouncer) return console.log("NOT TESTED: /usr/sbin/pgbouncer is not installed (Debian: apt-get install pgbouncer).");
  await using server = await startServer();
  await using pooler = await startPgbouncer(server.url, { sessions: 1 });
  const first = await backend(pooler.url);
  expect(await backend(pooler.url)).toBe(first);
  const { pid } = pooler;
  await pooler.kill();
  await expect(backend(pooler.url)).rejects.toThrow("ECONNREFUSED");
  await pooler.start();
  expect(pooler.pid).not.toBe(pid);
  expect(await backend(pooler.url)).not.toBe(first);
});
