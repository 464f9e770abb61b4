import pg from "pg";
import { itemAdded } from "../support/cart.ts";
import { createRole } from "../schema/roles.ts";
import { describe, expect, test as base } from "../support/test.ts";
import { fn, inSchema } from "../support/functions.ts";

interface Shard {
  readonly id: number;
  /** The schema, quoted. */
  readonly at: string;
  /** Calls a function of the schema; $1 is the shard's id. */
  call(client: pg.Pool | pg.PoolClient, text: string, ...values: unknown[]): Promise<Record<string, unknown> | undefined>;
}

/** A consumer with one shard and three events, and two sessions: a worker that was the owner, and one that comes after it. */
const test = base
  .extend("shard", async ({ store, sql, schema }): Promise<Shard> => {
    await store.appendToStream("cart-1", [itemAdded(), itemAdded(), itemAdded()]);
    const at = pg.escapeIdentifier(schema);
    await sql.query(`select ${at}.${fn("register_consumer")}('', 'c', 1, 0, '{}')`);
    const { rows } = await sql.query(`select id from ${at}.consumer_shards`);
    const id: number = rows[0].id;
    return { id, at, call: async (client, text, ...values) => (await client.query(`select ${inSchema(text, at)}`, [id, ...values])).rows[0] };
  })
  .extend("zombie", async ({ sql }, { onCleanup }) => {
    const client = await sql.connect();
    client.on("error", () => {});
    onCleanup(() => client.release(true));
    return client;
  });

async function fenceAndPosition(sql: pg.Pool, { at }: Shard): Promise<unknown> {
  const { rows } = await sql.query(`select fence::int as fence, position::int as position from ${at}.consumer_shards`);
  return rows[0];
}

const take = "t.fence::int as fence, t.checkpoint::int as checkpoint from @take_shard($1, $2, $3) as t";

describe("a fence that was raised", () => {
  test.for<readonly [what: string, text: string]>([
    ["move the checkpoint", "@move_checkpoint($1, 1, 0, 1, null)"],
    ["enter with a transaction", "@enter_shard($1, 1)"],
    ["write a dead letter", "@park_event($1, 1, 0, 1, gen_random_uuid(), 1, 'failed', 1, null, 'no', null)"],
    ["read its checkpoint", "@read_checkpoint($1, 1)"],
    ["settle a dead letter", "@settle_dead_letter($1, 1, 1)"],
    ["keep a dead letter", "@dead_letter_failed_again($1, 1, 1, 1, null, 'no', null)"],
  ])("lets the last owner not %s", async ([, text], { shard, sql }) => {
    await shard.call(sql, take, "old", 60_000);
    await shard.call(sql, text).catch(() => {});
    await sql.query(`update ${shard.at}.consumer_leases set lease_end = '-infinity'; update ${shard.at}.consumer_shards set position = 0`);
    expect(await shard.call(sql, take, "new", 60_000)).toEqual({ fence: 2, checkpoint: 0 });
    await expect(shard.call(sql, text)).rejects.toMatchObject({ code: "TM005", detail: '{"fence": 2, "position": 0}' });
    expect(await fenceAndPosition(sql, shard)).toEqual({ fence: 2, position: 0 });
    expect((await sql.query(`select from ${shard.at}.dead_letters where error_message = 'no' and position <> 1`)).rowCount).toBe(0);
  });

  test("fails an owner whose old position is not the one that stands", async ({ shard, sql }) => {
    await shard.call(sql, take, "old", 60_000);
    await shard.call(sql, "@move_checkpoint($1, 1, 0, 2, null)");
    await expect(shard.call(sql, "@move_checkpoint($1, 1, 0, 3, null)")).rejects.toMatchObject({ code: "TM005", detail: '{"fence": 1, "position": 2}' });
    await expect(shard.call(sql, "@move_checkpoint($1, 1, 2, 1, null)")).rejects.toMatchObject({ code: "TM005" });
  });
});

describe("a takeover", () => {
  test("is refused while the lease goes on, and of two at once one gets it", async ({ shard, sql }) => {
    const taken = await Promise.all([shard.call(sql, take, "a", 60_000), shard.call(sql, take, "b", 60_000), shard.call(sql, take, "c", 60_000)]);
    expect(taken.filter((row) => row !== undefined)).toEqual([{ fence: 1, checkpoint: 0 }]);
    expect(await shard.call(sql, take, "d", 60_000)).toBeUndefined();
    expect(await fenceAndPosition(sql, shard)).toEqual({ fence: 1, position: 0 });
  });

  test("ends a transaction of the last owner's that had already moved the checkpoint", async ({ shard, sql, zombie }) => {
    await shard.call(sql, take, "old", 60_000);
    await zombie.query("begin");
    await shard.call(zombie, "@enter_shard($1, 1)");
    await shard.call(zombie, "@move_checkpoint($1, 1, 0, 3, null)");
    await sql.query(`update ${shard.at}.consumer_leases set lease_end = '-infinity'`);
    expect(await shard.call(sql, take, "new", 60_000)).toEqual({ fence: 2, checkpoint: 0 });
    await expect(zombie.query("commit")).rejects.toThrow();
    expect(await fenceAndPosition(sql, shard)).toEqual({ fence: 2, position: 0 });
  });

  test("succeeds where it may not end that transaction, which then fails at its checkpoint", async ({ shard, sql, zombie, databaseUrl }) => {
    await shard.call(sql, take, "old", 60_000);
    await zombie.query("begin");
    await shard.call(zombie, "@enter_shard($1, 1)");
    await sql.query(`update ${shard.at}.consumer_leases set lease_end = '-infinity'`);
    await using role = await createRole(sql);
    await sql.query(`grant usage on schema ${shard.at} to ${role.name}; grant all on all tables in schema ${shard.at} to ${role.name}`);
    const other = await role.open(databaseUrl);
    const { rows } = await other.userQuery(`select fence::int as fence from ${shard.at}.${fn("take_shard")}($1, 'new', 60000)`, [shard.id]);
    expect(rows).toEqual([{ fence: 2 }]);
    await expect(shard.call(zombie, "@move_checkpoint($1, 1, 0, 3, null)")).rejects.toMatchObject({ code: "TM005" });
  });

  test("gives up for now where that transaction holds the checkpoint, and changes nothing", async ({ shard, sql, zombie, databaseUrl }) => {
    await shard.call(sql, take, "old", 60_000);
    await zombie.query("begin");
    await shard.call(zombie, "@move_checkpoint($1, 1, 0, 3, null)");
    await sql.query(`update ${shard.at}.consumer_leases set lease_end = '-infinity'`);
    await using role = await createRole(sql);
    await sql.query(`grant usage on schema ${shard.at} to ${role.name}; grant all on all tables in schema ${shard.at} to ${role.name}`);
    const other = await role.open(databaseUrl);
    await expect(other.userQuery(`select from ${shard.at}.${fn("take_shard")}($1, 'new', 60000)`, [shard.id])).rejects.toMatchObject({ sqlState: "55P03" });
    await zombie.query("commit");
    expect(await shard.call(sql, take, "new", 60_000)).toEqual({ fence: 2, checkpoint: 3 });
  });
});

describe("a heartbeat", () => {
  const renew = "@renew_leases('', 'c', 'old', 60000, array[$1]::integer[], array[1]::bigint[], array['live'], '[null]')";

  test("renews a lease, unless it is over, or the fence was raised", async ({ shard, sql }) => {
    await shard.call(sql, take, "old", 60_000);
    expect(await shard.call(sql, `${renew} as answer`)).toMatchObject({ answer: { renewed: [shard.id], fences: {}, consumers: [{ quota: 1, free: [] }] } });
    await sql.query(`update ${shard.at}.consumer_leases set lease_end = clock_timestamp() - interval '1 microsecond'`);
    expect(await shard.call(sql, `${renew} as answer`)).toMatchObject({
      answer: { renewed: [], fences: { [shard.id]: 1 }, consumers: [{ free: [shard.id] }] },
    });
    await sql.query(`update ${shard.at}.consumer_leases set lease_end = 'infinity'; update ${shard.at}.consumer_shards set fence = 2`);
    expect(await shard.call(sql, `${renew} as answer`)).toMatchObject({ answer: { renewed: [], fences: { [shard.id]: 2 } } });
  });

  test("waits for no handler's transaction that has moved the checkpoint", async ({ shard, sql, zombie }) => {
    await shard.call(sql, take, "old", 60_000);
    await zombie.query("begin");
    await shard.call(zombie, "@move_checkpoint($1, 1, 0, 3, null)");
    const client = await sql.connect();
    try {
      await client.query("set lock_timeout = '1s'");
      expect(await shard.call(client, `${renew} as answer`)).toMatchObject({ answer: { renewed: [shard.id] } });
    } finally {
      client.release(true);
    }
  });
});

test("the checkpoint stops at the barrier of a change of shards", async ({ shard, sql }) => {
  await shard.call(sql, take, "old", 60_000);
  await shard.call(sql, "@move_checkpoint($1, 1, 0, 1, null)");
  await sql.query(`update ${shard.at}.consumers set barrier = 2, next_shards = 3`);
  await expect(shard.call(sql, "@move_checkpoint($1, 1, 1, 3, null)")).rejects.toMatchObject({ code: "TM005" });
  await shard.call(sql, "@move_checkpoint($1, 1, 1, 2, null)");
});
