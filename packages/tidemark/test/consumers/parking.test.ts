import pg from "pg";
import { itemAdded } from "../support/cart.ts";
import { deadLetterStatements } from "../../src/consumers/dead-letter-statements.ts";
import { describe, expect, test as base, untilWaiting } from "../store/test.ts";
import { fn } from "../support/functions.ts";

/** A consumer's shard, at position 4 of a stream of 6 events, of which 2 failed, and 3 and 4 are parked behind it. */
const test = base.extend("line", async ({ store, sql, schema }) => {
  const at = pg.escapeIdentifier(schema);
  await store.appendToStream(
    "cart-1",
    Array.from({ length: 6 }, () => itemAdded()),
  );
  await sql.query(`select ${at}.${fn("register_consumer")}('', 'c', 1, 0, '{}')`);
  const { rows } = await sql.query(`select s.id, (select e.stream_id from ${at}.events as e limit 1) as stream from ${at}.consumer_shards as s`);
  const { id, stream } = rows[0];
  await sql.query(`select ${at}.${fn("take_shard")}($1, 'w', 60000)`, [id]);
  await sql.query(`select ${at}.${fn("move_checkpoint")}($1, 1, 0, 1, null)`, [id]);
  await sql.query(`select ${at}.${fn("park_event")}($1, 1, 1, 2, gen_random_uuid(), $2, 'failed', 1, null, 'no', null)`, [id, stream]);
  const park = async (from: number, to: number): Promise<boolean> =>
    (await sql.query(`select ${at}.${fn("park_behind")}($1, 1, $2, $3, gen_random_uuid(), $4) as parked`, [id, from, to, stream])).rows[0].parked;
  expect([await park(2, 3), await park(3, 4)]).toEqual([true, true]);
  const letters = async (): Promise<number[]> =>
    (await sql.query(`select position::int from ${at}.dead_letters order by position`)).rows.map(({ position }: { position: number }) => position);
  const discard = (client: pg.Client | pg.Pool, position: number): Promise<unknown> =>
    client.query(`select ${at}.${fn("discard_dead_letter")}('', 'c', $1)`, [position]);
  return { at, id, stream, park, letters, discard };
});

describe("an event that is parked behind others of its stream", () => {
  test("waits for none but the last of them, however long the line is", async ({ line, client }) => {
    await client.query("begin");
    await client.query(`select from ${line.at}.dead_letters where position < 4 for update`);
    expect(await line.park(4, 5)).toBe(true);
    expect(await line.letters()).toEqual([2, 3, 4, 5]);
  });

  test("stands behind those that are left where the last is discarded meanwhile", async ({ line, client, sql }) => {
    await client.query("begin");
    await line.discard(client, 4);
    const parked = line.park(4, 5);
    await untilWaiting(sql, 1);
    await client.query("commit");
    expect(await parked).toBe(true);
    expect(await line.letters()).toEqual([2, 3, 5]);
  });

  test("is not parked where all are discarded meanwhile: it can be handled", async ({ line, client, sql }) => {
    await client.query("begin");
    for (const position of [2, 3, 4]) await line.discard(client, position);
    const parked = line.park(4, 5);
    await untilWaiting(sql, 1);
    await client.query("commit");
    expect(await parked).toBe(false);
    expect(await line.letters()).toEqual([]);
  });

  test("is asked for next where the only letter before it is discarded while it is parked", async ({ line, client, sql }) => {
    for (const position of [3, 4]) await line.discard(sql, position);
    await client.query("begin");
    await client.query(`select ${line.at}.${fn("park_behind")}($1, 1, 4, 5, gen_random_uuid(), $2)`, [line.id, line.stream]);
    const discarded = line.discard(sql, 2);
    await untilWaiting(sql, 1);
    await client.query("commit");
    await discarded;
    expect((await sql.query(`select position::int, retry_requested from ${line.at}.dead_letters`)).rows).toEqual([{ position: 5, retry_requested: true }]);
  });

  test("and a reset of the consumer lock shard and letters in one order", async ({ line, client, sql }) => {
    await client.query("begin");
    await client.query(`select from ${line.at}.consumer_shards for update`);
    const reset = sql.query(`select ${line.at}.${fn("reset_consumer")}('', 'c', 0)`);
    await untilWaiting(sql, 1);
    const parked = line.park(4, 5).catch((error: unknown) => error);
    await untilWaiting(sql, 2);
    await client.query("commit");
    await reset;
    expect(await parked).toMatchObject({ code: "TM005" });
  });
});

test("letters are discarded and taken away by a reset in one order, whatever the order of the table", async ({ line, client, sql }) => {
  // It stands behind the others in the table now, and the table is so small that it is scanned.
  await sql.query(`update ${line.at}.dead_letters set retry_requested = true where position = 2`);
  await sql.query(`analyze ${line.at}.dead_letters`);
  await client.query("begin");
  await client.query(`select from ${line.at}.dead_letters where position = 2 for update`);
  const discarded = line.discard(sql, 4);
  await untilWaiting(sql, 1);
  const reset = sql.query(`select ${line.at}.${fn("reset_consumer")}('', 'c', 0)`);
  await untilWaiting(sql, 2);
  await client.query("commit");
  await Promise.all([discarded, reset]);
  expect(await line.letters()).toEqual([]);
});

test("the letter to try next, and whether there is one, are found in a line of thousands", async ({ line, client, schema }) => {
  await client.query(
    `insert into ${line.at}.dead_letters (consumer, position, stream_id, event_id, state, retry_requested)
     select 'c', n, $1, gen_random_uuid(), 'parked', n = 19999 from generate_series(10, 20000) as n`,
    [line.stream],
  );
  await client.query(`analyze ${line.at}.dead_letters`);
  await client.query("begin");
  const { text } = deadLetterStatements(schema).nextRequested;
  expect((await client.query(text, ["", "c", 0, 1])).rows).toMatchObject([{ position: "19999" }]);
  const renewed = await client.query(`select ${line.at}.${fn("renew_leases")}('', 'c', 'w', 60000, array[$1::integer], '{1}', '{live}', '[null]') as answer`, [
    line.id,
  ]);
  expect(renewed.rows[0].answer.consumers).toMatchObject([{ retryRequested: true }]);
  const { rows } = await client.query(
    "select (seq_tup_read + coalesce(idx_tup_fetch, 0))::int as touched from pg_stat_xact_user_tables where schemaname = $1 and relname = 'dead_letters'",
    [schema],
  );
  expect(rows).toEqual([{ touched: 2 }]);
});
