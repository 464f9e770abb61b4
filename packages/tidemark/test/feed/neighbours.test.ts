import pg from "pg";
import { openStore, append, positions, sequenceOf } from "./open.ts";
import { describe, expect, test } from "./test.ts";
import { fn } from "../support/functions.ts";

/** Locks that look like a floor of 0 on this store's sequence, but for one trait each. */
const lookalikes = {
  "with a class of the user's own": "pg_advisory_lock(777, 0)",
  "shared, with a class of the user's own": "pg_advisory_lock_shared(777, 0)",
  "exclusive, with the sequence's class": "pg_advisory_lock($1::oid::int, 0)",
  "of one key that spells the sequence's class": "pg_advisory_lock_shared($1::oid::bigint << 32)",
} as const;

describe("a user's advisory lock holds nothing back:", () => {
  test.for(Object.entries(lookalikes))("%s", async ([, lock], { store, sql, schema }) => {
    const position = await append(store, "order");
    const client = await sql.connect();
    try {
      await client.query(`select ${lock.replace("$1", `'${sequenceOf(schema)}'::regclass`)}`);
      expect(await store.highWaterMark()).toBe(position);
      expect(await store.blockers()).toEqual([]);
    } finally {
      client.release(true);
    }
  });
});

test("another store in the same database, at the same numbers, holds nothing back", async ({ store, databaseUrl, schema, begin }) => {
  await using other = await openStore(databaseUrl, `${schema} too`);
  const open = await begin();
  await open.append("open");
  await append(store, "order");
  await append(other, "order");
  expect(await store.highWaterMark()).toBe(0);
  expect(await other.highWaterMark()).toBe(1);
  expect(await other.blockers()).toEqual([]);
});

test("a copy of the database, where everything has the same OIDs, holds nothing back", async ({ store, databaseUrl, schema }) => {
  const position = await append(store, "order");
  const url = new URL(databaseUrl);
  const original = url.pathname.slice(1);
  const copy = `${original}_copy`;
  url.pathname = `/${copy}`;
  // A template must be without connections.
  const administrator = new pg.Client({ connectionString: new URL("/postgres", databaseUrl).href });
  await administrator.connect();
  try {
    await administrator.query(`alter database ${original} allow_connections false`);
    await administrator.query("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1", [original]);
    await administrator.query(`create database ${copy} template ${original} strategy wal_log`);
    await administrator.query(`alter database ${original} allow_connections true`);
    const client = new pg.Client({ connectionString: url.href });
    await client.connect();
    try {
      await client.query(`begin; select ${pg.escapeIdentifier(schema)}.${fn("hold_floor")}()`);
      const later = await append(store, "order");
      expect(later).toBe(position + 1);
      expect(await store.highWaterMark()).toBe(later);
      expect(await positions(store)).toEqual([position, later]);
      expect(await store.blockers()).toEqual([]);
    } finally {
      await client.end();
    }
  } finally {
    await administrator.query(`alter database ${original} allow_connections true`);
    await administrator.query(`drop database if exists ${copy} with (force)`);
    await administrator.end();
  }
});
