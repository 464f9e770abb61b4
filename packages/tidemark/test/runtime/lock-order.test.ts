import pg from "pg";
import { expect, test as base, untilWaiting } from "../store/test.ts";
import { fn } from "../support/functions.ts";

/** A consumer of two shards, both of which worker "w" holds under fence 1. */
const test = base.extend("shards", async ({ store, sql, schema }) => {
  expect(await store.highWaterMark()).toBe(0);
  const at = pg.escapeIdentifier(schema);
  await sql.query(`select ${at}.${fn("register_consumer")}('', 'c', 2, 0, '{}')`);
  await sql.query(`select ${at}.${fn("take_shard")}(id, 'w', 60000) from ${at}.consumer_shards`);
  const { rows } = await sql.query(`select id from ${at}.consumer_shards order by id`);
  // Its row stands behind the other's now: what scans the table meets that one first.
  await sql.query(`update ${at}.consumer_leases set state = 'live' where id = $1`, [rows[0].id]);
  return { at, ids: rows.map(({ id }: { id: number }) => id) };
});

test.for<readonly [what: string, text: (ids: readonly number[]) => string]>([
  ["a heartbeat", (ids) => `${fn("renew_leases")}('', 'c', 'w', 60000, array[${ids.join()}], '{1,1}', '{live,live}', '[null,null]')`],
  ["a worker that leaves", () => `${fn("release_shards")}('', 'w', null)`],
])("%s and a reset lock leases in one order, whatever the order they come in", async ([, text], { shards: { at, ids }, sql, client }) => {
  await client.query("begin");
  await client.query(`select from ${at}.consumer_leases where id = $1 for update`, [ids[0]]);
  const reset = sql.query(`select ${at}.${fn("reset_consumer")}('', 'c', 0)`);
  await untilWaiting(sql, 1);
  const worker = sql.query(`select ${at}.${text(ids.toReversed())}`);
  await untilWaiting(sql, 2);
  await client.query("commit");
  await Promise.all([reset, worker]);
});

test("a takeover and a new name lock leases before shards", async ({ shards: { at, ids }, sql, client }) => {
  // What take_shard() does, one step at a time.
  await client.query("begin");
  await client.query(`select from ${at}.consumer_leases where id = $1 for update`, [ids[0]]);
  const renamed = sql.query(`select ${at}.${fn("rename_consumer")}('', 'c', 'd') as renamed`);
  await untilWaiting(sql, 1);
  await client.query(`update ${at}.consumer_shards set fence = fence + 1 where id = $1`, [ids[0]]);
  await client.query("commit");
  expect((await renamed).rows).toEqual([{ renamed: true }]);
  const { rows } = await sql.query(`select consumer, fence from ${at}.consumer_shards order by id`);
  expect(rows).toEqual([
    { consumer: "d", fence: "3" },
    { consumer: "d", fence: "2" },
  ]);
});
