import pg from "pg";
import { Feed } from "../../src/feed/feed.ts";
import { createRole } from "../schema/roles.ts";
import { waitsForLock } from "../schema/gates.ts";
import { append, silent } from "./open.ts";
import { describe, eventually, expect, test } from "./test.ts";
import { fn } from "../support/functions.ts";

/** The mark that standbys read. */
async function written(sql: pg.Pool, schema: string): Promise<number> {
  const { rows } = await sql.query<{ position: string }>(`select position from ${pg.escapeIdentifier(schema)}.high_water_mark`);
  return Number(rows[0]?.position);
}

describe("the mark is written down for standbys", () => {
  test("beside whoever asks for it, who does not wait for that, and again after a failure", async ({ store, sql, schema }) => {
    const position = await append(store, "order");
    const holder = await sql.connect();
    try {
      await holder.query(`begin; lock table ${pg.escapeIdentifier(schema)}.high_water_mark in access exclusive mode`);
      expect(await store.highWaterMark()).toBe(position);
      const pid = await waitsForLock(sql, "keep_high_water_mark");
      await sql.query("select pg_terminate_backend($1, 5000)", [pid]);
    } finally {
      await holder.query("rollback");
      holder.release();
    }
    await eventually(async () => {
      expect(await store.highWaterMark()).toBe(position);
      expect(await written(sql, schema)).toBe(position);
    });
  });

  test("never lower than before", async ({ store, sql, schema }) => {
    const first = await append(store, "order");
    const second = await append(store, "order");
    const name = pg.escapeIdentifier(schema);
    for (const position of [second, first]) {
      await sql.query(`select ${name}.${fn("keep_high_water_mark")}(position, id) from ${name}.events where position = $1`, [position]);
    }
    expect(await written(sql, schema)).toBe(second);
  });

  test("not by a role that may only read, which is told the mark all the same", async ({ store, databaseUrl, schema, sql }) => {
    const position = await append(store, "order");
    const name = pg.escapeIdentifier(schema);
    await using role = await createRole(sql);
    await sql.query(
      `grant usage on schema ${name} to ${role.name}; grant select on all tables in schema ${name} to ${role.name}; grant select on all sequences in schema ${name} to ${role.name}`,
    );
    const feed = new Feed(await role.open(databaseUrl), schema, silent);
    expect(await feed.highWaterMark()).toBe(position);
    expect(await feed.highWaterMark()).toBe(position);
    expect(await written(sql, schema)).toBe(0);
  });
});
