import pg from "pg";
import { append, positions, sequenceOf } from "./open.ts";
import { describe, expect, test } from "./test.ts";
import { fn } from "../support/functions.ts";

/** Puts the log back to where it ended with `position`, as restoring an earlier backup does. */
async function restoreTo(sql: pg.Pool, schema: string, position: number): Promise<void> {
  const name = pg.escapeIdentifier(schema);
  await sql.query(`
    begin;
    set local session_replication_role = replica;
    delete from ${name}.events where position > ${position};
    select setval('${sequenceOf(schema)}'::regclass, ${position});
    commit`);
}

describe("a store that stays open while its database is restored to an earlier state", () => {
  test("gives up the mark whose event is gone", async ({ store, sql, schema }) => {
    for (let n = 1; n <= 5; n++) await append(store, "order");
    expect(await store.highWaterMark()).toBe(5);
    await restoreTo(sql, schema, 3);
    expect(await store.highWaterMark()).toBe(3);
    expect(await positions(store)).toEqual([1, 2, 3]);
  });

  test("remembers the marks that it gives out from then on", async ({ store, sql, schema }) => {
    for (let n = 1; n <= 5; n++) await append(store, "order");
    expect(await store.highWaterMark()).toBe(5);
    await restoreTo(sql, schema, 3);
    expect(await store.highWaterMark()).toBe(3);
    const client = await sql.connect();
    try {
      await client.query(`begin; select set_config('tidemark.floor_' || '${sequenceOf(schema)}'::regclass::oid, '1', true)`);
      await client.query(`select ${pg.escapeIdentifier(schema)}.${fn("hold_floor")}()`);
      expect(await store.highWaterMark()).toBe(3);
    } finally {
      await client.query("rollback");
      client.release();
    }
  });

  test("is held by an open append at a position that it once had passed", async ({ store, begin, sql, schema }) => {
    for (let n = 1; n <= 5; n++) await append(store, "order");
    expect(await store.highWaterMark()).toBe(5);
    await restoreTo(sql, schema, 3);
    const open = await begin();
    expect(await open.append("open")).toBe(4);
    // Position 5 again, but another event.
    expect(await append(store, "another")).toBe(5);
    expect(await store.highWaterMark()).toBe(3);
    await open.commit();
    expect(await store.highWaterMark()).toBe(5);
  });
});

test("a mark that was given out stands when an older floor is published after it", async ({ store, begin, sql, schema }) => {
  await append(store, "order");
  const client = await sql.connect();
  const name = pg.escapeIdentifier(schema);
  // A backend that was stopped between reading the sequence and taking its lock.
  await client.query(`begin; select set_config('tidemark.floor_' || '${sequenceOf(schema)}'::regclass::oid, '1', true)`);
  try {
    const open = await begin();
    await open.append("order");
    await open.commit();
    expect(await store.highWaterMark()).toBe(2);
    await client.query(`select ${name}.${fn("hold_floor")}()`);
    expect(await store.highWaterMark()).toBe(2);
    const later = await append(store, "order");
    expect(later).toBe(3);
    expect(await store.highWaterMark()).toBe(2);
  } finally {
    await client.query("rollback");
    client.release();
  }
  expect(await store.highWaterMark()).toBe(3);
});
