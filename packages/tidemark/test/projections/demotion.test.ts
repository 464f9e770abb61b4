import pg from "pg";
import type { EventStore } from "../../src/index.ts";
import { waitsForLock } from "../schema/gates.ts";
import { confirmed, itemAdded } from "../support/cart.ts";
import { eventually, expect, test } from "../support/test.ts";
import { documentsIn, popularity } from "./carts.ts";
import { fn } from "../support/functions.ts";

const tea = itemAdded("tea", 1, 1);
const quiet = (): void => {};
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

function isLive(store: EventStore): Promise<void> {
  return eventually(async () => expect(await store.projections.get("popularity")).toMatchObject({ state: "live" }));
}

test("leaves a projection behind beside a transaction that appended nothing to it and stays open", async ({ openStore, schema }) => {
  const knowing = await openStore({ projections: [popularity("inline")] });
  await knowing.appendToStream("cart-1", [tea]);
  const unknowing = await openStore({ logger });
  await knowing.transaction(async (tx) => {
    await tx.appendToStream("cart-2", [confirmed]);
    await unknowing.appendToStream("cart-3", [tea]);
  });
  await isLive(knowing);
  expect(await documentsIn(knowing, pg.escapeIdentifier(schema), "popularity")).toEqual({ tea: { added: 2 } });
});

test("waits for a transaction that wrote the projection, names it, and counts each event once", async ({ openStore, sql, schema, databaseUrl }) => {
  const at = pg.escapeIdentifier(schema);
  const knowing = await openStore({ projections: [popularity("inline")] });
  await knowing.appendToStream("cart-1", [tea]);
  const client = new pg.Client({ connectionString: databaseUrl, application_name: "checkout" });
  await client.connect();
  await client.query("begin");
  await knowing.withTransaction(client).appendToStream("cart-2", [tea]);
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  await expect(sql.query(`select ${at}.${fn("change_projection")}('popularity', 1, 'behind', 'live')`)).rejects.toMatchObject({
    code: "55P03",
    message: expect.stringMatching(
      `the inline projection popularity \\(version 1\\) is being written by process ${rows[0]?.pid} \\(role \\w+, application 'checkout', its transaction open for \\d+ s\\)`,
    ),
  });
  const unknowing = await openStore({ logger });
  const appended = unknowing.appendToStream("cart-3", [tea]);
  await waitsForLock(sql, "change_projection");
  await client.query("commit");
  await client.end();
  await appended;
  await isLive(knowing);
  expect(await documentsIn(knowing, at, "popularity")).toEqual({ tea: { added: 3 } });
});

test("keeps no append waiting while it waits for rows itself", async ({ openStore, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  const store = await openStore({ projections: [popularity("inline")] });
  await store.appendToStream("cart-1", [tea]);
  const holder = await sql.connect();
  try {
    for (const rows of ["projections", "consumers", "consumer_shards", "projection_epoch"]) {
      await holder.query(`begin; select from ${at}.${rows} for update`);
      const pausing = store.projections.pause("popularity");
      try {
        const pid = await waitsForLock(sql, "change_projection");
        const { rows: locks } = await sql.query("select mode from pg_locks where pid = $1 and locktype = 'advisory' and granted", [pid]);
        expect(locks).toEqual([]);
        await store.appendToStream("cart-1", [tea]);
      } finally {
        await holder.query("rollback");
      }
      await pausing;
      await store.projections.resume("popularity");
      await isLive(store);
    }
  } finally {
    holder.release();
  }
  expect(await documentsIn(store, at, "popularity")).toEqual({ tea: { added: 5 } });
});

test("refuses a snapshot, which does not show what appends wrote last", async ({ openStore, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  await openStore({ projections: [popularity("inline")] });
  const client = await sql.connect();
  try {
    for (const call of [`${fn("close_gate")}()`, `${fn("change_projection")}('popularity', 1, 'behind', 'live')`]) {
      // The worker that brought it up to date gives its shard up in its own time: a snapshot from before that cannot lock it (40001).
      await eventually(async () => {
        await client.query("begin isolation level repeatable read");
        const refused = await client.query(`select ${at}.${call}`).catch((error: unknown) => error);
        await client.query("rollback");
        expect(refused).toMatchObject({ code: "TM001" });
      });
    }
  } finally {
    // Destroyed: where a call was not refused, its transaction holds what the store waits for when it closes.
    client.release(true);
  }
});
