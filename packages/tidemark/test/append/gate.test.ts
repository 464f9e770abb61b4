import { randomUUID } from "node:crypto";
import type pg from "pg";
import { added, describe, eventually, expect, lockStream, rejection, test as base, times, waitersFor } from "./test.ts";
import { fn } from "../support/functions.ts";

/** `change`: changes the projections' epoch, as a projection that goes live does. `gateIsFree`: nobody holds the gate. */
const test = base
  .extend("change", ({ sql, q, store }) => async (): Promise<void> => {
    void store;
    await sql.query(`begin; select pg_advisory_xact_lock(${gateOf(q)}); update ${q}.projection_epoch set epoch = epoch + 1; commit`);
  })
  .extend("gateIsFree", ({ sql, q }) => async (): Promise<boolean> => {
    const { rows } = await sql.query(`select pg_try_advisory_xact_lock(${gateOf(q)}) as free`);
    return rows[0].free;
  });

function gateOf(q: string): string {
  return `${q}.${fn("lock_number")}('${q}.projections'::regclass::oid::bigint), 0`;
}

/** An append of one event to `cart-1`, in the open transaction of `client`, by somebody who knows epoch 0. */
async function appendKnowing0(client: pg.Client, q: string): Promise<unknown> {
  const { rows } = await client.query(
    `select verdicts from ${q}.${fn("append_many")}('', null, 'cart-1', '{1}', '{1}', '{1}', '{-1}', '{1}', '{1}', '{1}', array[gen_random_uuid()], 'ItemAdded', '{}', null, null, false, null, null, false, true, 0)`,
  );
  return rows[0].verdicts;
}

describe("an append under an old epoch", () => {
  test("is sent again, and written once, whichever way it goes", async ({ store, client, change, log }) => {
    await change();
    await store.appendToStream("one", [added(1)]);
    await change();
    await Promise.all([store.appendToStream("single-1", [added(2)]), store.appendToStream("single-2", [added(3), added(4)])]);
    await change();
    await store.appendToStreams([
      { streamId: "many-1", events: [added(5)] },
      { streamId: "many-2", events: [added(6)] },
    ]);
    await change();
    await store.appendToStream("ids", [{ ...added(7), id: randomUUID() }]);
    await change();
    const user = await client();
    await user.query("begin isolation level repeatable read");
    await store.withTransaction(user).appendToStream("joined", [added(8)]);
    await user.query("commit");
    expect((await log()).map(({ data }) => data.n)).toEqual(times(8, (n) => n + 1));
  });

  test("is sent again where it waited for its stream, with those that shared its batch", async ({ store, client, change, sql, q, log }) => {
    await store.appendToStream("cart-1", [added(0)]);
    const holder = await client();
    await lockStream(holder, q, "cart-1");
    const waiting = store.appendToStream("cart-1", [added(1)]);
    await waitersFor(sql, 1);
    await change();
    await holder.query("commit");
    expect(await waiting).toMatchObject({ version: 2 });
    expect((await log("cart-1")).map(({ data }) => data.n)).toEqual([0, 1]);
  });

  test("that waited at the gate sees what was changed there meanwhile, and writes nothing", async ({ store, client, sql, q, log }) => {
    void store;
    const [changing, user] = [await client(), await client()];
    await changing.query(`begin; select pg_advisory_xact_lock(${gateOf(q)})`);
    await user.query("begin");
    const verdicts = appendKnowing0(user, q);
    await eventually(async () => {
      const { rows } = await sql.query(
        "select from pg_stat_activity where datname = current_database() and wait_event = 'advisory' and query like '%append_many%'",
      );
      expect(rows).toHaveLength(1);
    });
    await changing.query(`update ${q}.projection_epoch set epoch = 1; commit`);
    expect(await verdicts).toEqual([7]);
    await user.query("commit");
    expect(await log()).toEqual([]);
  });

  test("leaves the gate free in a transaction of the user's, which goes on", async ({ client, change, gateIsFree, q }) => {
    await change();
    const user = await client();
    await user.query("begin");
    expect(await appendKnowing0(user, q)).toEqual([7]);
    expect(await gateIsFree()).toBe(true);
    await user.query(`select ${q}.${fn("enter_gate")}(1)`);
    expect(await gateIsFree()).toBe(false);
    await user.query("commit");
    expect(await gateIsFree()).toBe(true);
  });

  test("fails in a snapshot that is older than the change, for it could not see it", async ({ store, client, change }) => {
    const user = await client();
    await user.query("begin isolation level repeatable read; select 1");
    await change();
    expect(await rejection(store.withTransaction(user).appendToStream("cart-1", [added()]))).toMatchObject({ code: "SERIALIZATION_FAILURE" });
    await user.query("rollback");
  });
});
