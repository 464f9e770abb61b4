import pg from "pg";
import { startServer } from "@tidemark/servers";
import { afterAll, beforeAll } from "vitest";
import type { Server } from "@tidemark/servers";
import { append, openStore, positions } from "./open.ts";
import { describe, eventually, expect, test } from "../support/test.ts";
import { beginTransaction } from "./transaction.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer({ settings: { max_prepared_transactions: 5 } });
});
afterAll(() => server[Symbol.asyncDispose]());

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.url });
  client.on("error", () => {});
  await client.connect();
  return client;
}

describe("after a crash of the server", () => {
  test("nothing is written at or below a mark that was given out, though it stood beside a gap", async () => {
    await using store = await openStore(server.url, "crash gap");
    const first = await append(store, "order");
    const client = await connect();
    for (let n = 0; n < 40; n++) {
      const open = await beginTransaction(store, client);
      await open.append("undone");
      await open.rollback();
    }
    await client.end();
    const mark = await store.highWaterMark();
    expect(mark).toBe(first);

    await server.kill();
    await server.start();
    const next = await eventually(() => append(store, "order"));
    expect(next).toBeGreaterThan(mark);
    expect(await store.highWaterMark()).toBe(next);
    expect(await positions(store, mark)).toEqual([next]);
  });

  test("open appends are gone and prepared ones still hold the mark", async () => {
    await using store = await openStore(server.url, "crash open");
    const before = await append(store, "order");
    const [lost, kept] = [await beginTransaction(store, await connect()), await beginTransaction(store, await connect())];
    await lost.append("lost");
    const held = await kept.append("kept");
    await kept.execute("prepare transaction 'kept'");
    await kept.client.end();
    const later = await append(store, "order");
    expect(await store.highWaterMark()).toBe(before);

    await server.kill();
    await server.start();
    expect(await eventually(() => store.highWaterMark())).toBe(before);
    expect(await store.blockers()).toMatchObject([{ pid: null, transaction: "kept", events: 1 }]);
    await store.query("commit prepared 'kept'");
    expect(await store.highWaterMark()).toBe(later);
    expect(await positions(store, before)).toEqual([held, later]);
  });
});
