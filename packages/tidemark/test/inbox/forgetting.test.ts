import pg from "pg";
import { gate } from "../support/gate.ts";
import { describe, eventually, expect, test as base } from "../support/test.ts";

const test = base
  .extend("inbox", ({ schema }) => `${pg.escapeIdentifier(schema)}.inbox`)
  /** Makes ids that may be forgotten. */
  .extend("old", ({ store, sql, inbox }) => async (count: number) => {
    await store.highWaterMark();
    await sql.query(
      `insert into ${inbox} (message_id, received_at, forget_at) select 'old-' || n, now() - interval '8 days', now() - interval '1 day' from generate_series(1, $1::int) as n`,
      [count],
    );
  });

describe("the ids of messages", () => {
  test("are kept for seven days, or for as long as the call says, by the database's clock", async ({ store, sql, inbox }) => {
    await store.receive("m-1", async () => {});
    await store.receive("m-2", async () => {}, { keepMs: 60_000 });
    const { rows } = await sql.query(`select message_id, extract(epoch from forget_at - received_at)::float8 as kept from ${inbox} order by message_id`);
    expect(rows).toMatchObject([{ message_id: "m-1" }, { message_id: "m-2" }]);
    expect(rows[0].kept).toBeCloseTo(7 * 24 * 60 * 60, -1);
    expect(rows[1].kept).toBeCloseTo(60, -1);
  });

  test("are forgotten in batches, beside what is received, and those that are kept stay", async ({ store, sql, inbox, old }) => {
    await old(2_500);
    await store.receive("m-1", async () => {});
    await eventually(async () => expect((await sql.query(`select message_id from ${inbox}`)).rows).toEqual([{ message_id: "m-1" }]));
    expect(await store.receive("m-1", async () => expect.unreachable())).toMatchObject({ handled: false });
    expect(await store.receive("old-1", async () => "again")).toEqual({ handled: true, result: "again" });
  });

  test("that another session locks are passed over: nobody waits", async ({ store, sql, inbox, old }) => {
    await old(3);
    const client = await sql.connect();
    try {
      await client.query("begin");
      await client.query(`select from ${inbox} where message_id = 'old-2' for update`);
      await store.receive("m-1", async () => {});
      await eventually(async () =>
        expect((await sql.query(`select message_id from ${inbox} order by 1`)).rows).toEqual([{ message_id: "m-1" }, { message_id: "old-2" }]),
      );
    } finally {
      await client.query("rollback");
      client.release();
    }
  });

  test("are not looked for again within a minute, nor after a failure of the handler", async ({ store, sql, inbox, old }) => {
    await expect(store.receive("m-0", async () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await old(1);
    await store.receive("m-1", async () => {});
    await eventually(async () => expect((await sql.query(`select from ${inbox}`)).rows).toHaveLength(1));
    await old(1);
    await store.receive("m-2", async () => {});
    await store.close();
    expect((await sql.query(`select from ${inbox}`)).rows).toHaveLength(3);
  });

  test("are being forgotten when the store closes: it waits for the statement", async ({ store, sql, inbox, old }) => {
    await old(1);
    const locked = gate();
    const client = await sql.connect();
    try {
      await client.query("begin");
      await client.query(`lock table ${inbox} in row exclusive mode`);
      locked.open();
      await store.receive("m-1", async () => {});
      await store.close();
    } finally {
      await client.query("rollback");
      client.release();
    }
    expect((await sql.query(`select message_id from ${inbox}`)).rows).toEqual([{ message_id: "m-1" }]);
  });
});
