import { readFile } from "node:fs/promises";
import pg from "pg";
import { startServer } from "@tidemark/servers";
import { openEventStore } from "tidemark";
import { expect, test } from "vitest";
import { noTrace, tamper } from "../src/faults/trace.ts";

test("an append whose server stops because its log cannot be synced is sent again after recovery, and is there once", async () => {
  const missing = noTrace();
  if (missing !== undefined) return console.log(`NOT TESTED: it ${missing}.`);
  await using server = await startServer();
  await using store = await openEventStore(server.url, { pool: { max: 1, connectionTimeoutMs: 20_000 } });
  const { rows } = await store.query<{ pid: number }>("select pg_backend_pid() as pid");
  const tampering = tamper([Number(rows[0]?.pid)], "fsync,fdatasync:error=EIO", 20_000);
  await untilTraced(Number(rows[0]?.pid));

  expect(await store.appendToStream("cart-1", [{ type: "ItemAdded", data: {} }], { expectedVersion: 0 })).toMatchObject({ version: 1, created: true });
  await tampering;
  const own = new pg.Client({ connectionString: server.url });
  await own.connect();
  expect((await own.query("select count(*)::int as n from tidemark.events")).rows).toEqual([{ n: 1 }]);
  await own.end();
});

async function untilTraced(pid: number): Promise<void> {
  while (!/^TracerPid:\s*[1-9]/m.test(await readFile(`/proc/${pid}/status`, "utf8"))) await new Promise((resolve) => setTimeout(resolve, 5));
}
