import { randomUUID } from "node:crypto";
import type pg from "pg";
import type { EventReaderWriter } from "../../src/transaction/event-reader-writer.ts";
import { added, describe, eventually, expect, rejection, test as base, times, waitersFor } from "../append/test.ts";
import { open } from "../database/open.ts";
import { item, lines, logOf } from "../transfer/test.ts";
import { createRole } from "./roles.ts";
import { addLeaf, partition } from "./partitions.ts";

/** The first position of the second leaf. */
const boundary = 1_000;
const outdated = { code: "SERIALIZATION_FAILURE" };
const levels = ["repeatable read", "serializable"] as const;

async function lastId(reader: Pick<EventReaderWriter, "readStream">, stream: string): Promise<string> {
  const [last] = await reader.readStream(stream, { direction: "backward", limit: 1 }).toArray();
  return last?.id ?? "";
}

/**
 * `full`: a store with events, whose log was then partitioned under it, and that goes on: its sessions and plans are from before.
 * `cross`: has the next positions be drawn from the second leaf. Before, they are drawn from the first.
 */
const test = base
  .extend("full", async ({ store, sql, schema }) => {
    for (const n of times(10, Number)) await store.appendToStream(`cart-${n % 3}`, times(5, added));
    await store.readAll().toArray();
    await partition(sql, schema, boundary);
    return store;
  })
  .extend("cross", ({ sql, q }) => async (): Promise<void> => {
    await sql.query(`select pg_catalog.setval('${q}.events_position_seq', ${boundary - 1})`);
  });

describe("a full log that is partitioned by position", () => {
  test("keeps its rows where they are", async ({ store, sql, schema, q }) => {
    await store.appendToStream("cart-1", times(500, added));
    const file = async (table: string): Promise<pg.QueryResult> =>
      sql.query(
        `select pg_relation_filenode('${q}.${table}') as file, sum(hashtextextended(e.ctid::text || e.xmin || e.id, 0)) as rows from ${q}.${table} as e group by 1`,
      );
    const before = await file("events");
    await partition(sql, schema, boundary);
    expect((await file("events_0")).rows).toEqual(before.rows);
  });

  test("is appended to and read across the boundary, by sessions from before and by new ones", async ({ full, openStore, cross, sql, q }) => {
    const before = await full.readAll().toArray();
    await full.appendToStream("cart-1", [added(1)], { expectedVersion: 15 });
    await cross();
    const other = await openStore();
    for (const [n, store] of [full, other].entries()) {
      expect(await rejection(store.appendToStream("cart-1", [added()], { expectedVersion: 3 }))).toMatchObject({ code: "VERSION_CONFLICT", actual: 16 + n });
      await store.appendToStream("cart-1", [added(2)], { expectedVersion: 16 + n });
      await Promise.all(times(20, (i) => store.appendToStream(`new-${i}`, [added(), added()])));
      const log = await store.readAll().toArray();
      expect(log.length).toBe(before.length + 2 + n + 40 * (n + 1));
      expect(log.map(({ position }) => position)).toEqual(log.map(({ position }) => position).toSorted((a, b) => a - b));
      expect((await store.readStream("cart-1").toArray()).map(({ version }) => version)).toEqual(times(17 + n, (i) => i + 1));
      expect(await store.highWaterMark()).toBe(log.at(-1)?.position);
    }
    const { rows } = await sql.query(
      `select tableoid::regclass::text like '%.events_${boundary}' as second, count(*)::int as events from ${q}.events group by 1 order by 1`,
    );
    expect(rows).toEqual([
      { second: false, events: 51 },
      { second: true, events: 82 },
    ]);
  });

  test("takes another leaf while an append is open", async ({ full, client, sql, schema, cross }) => {
    const user = await client();
    await user.query("begin");
    await cross();
    await full.withTransaction(user).appendToStream("cart-1", [added()]);
    await addLeaf(sql, schema, boundary * 2, boundary * 3);
    await user.query("commit");
    expect((await full.readStream("cart-1").toArray()).at(-1)).toMatchObject({ version: 16, position: boundary });
  });

  test("goes on with the chain of hashes, across the boundary and whichever way an append takes", async ({ openStore, client, cross, sql, schema, q }) => {
    const store = await openStore({ integrity: "chain" });
    await store.appendToStream("cart-1", times(3, added));
    await partition(sql, schema, boundary);
    await store.appendToStream("cart-1", [added()]);
    await cross();
    await store.appendToStream("cart-1", times(3, added));
    await store.appendToStreams([
      { streamId: "cart-1", events: [added(), added()] },
      { streamId: "cart-2", events: [added()] },
    ]);
    const user = await client();
    await addLeaf(sql, schema, boundary * 2, boundary * 3);
    for (const [n, level] of levels.entries()) {
      if (n === 1) await sql.query(`select pg_catalog.setval('${q}.events_position_seq', ${boundary * 2 - 1})`);
      await user.query(`begin isolation level ${level}`);
      await store.withTransaction(user).appendToStream("cart-1", [added(), added()]);
      await user.query("commit");
    }
    expect(await store.verify()).toMatchObject({ ok: true, events: 14, chain: { after: 0, active: true } });
    const { rows } = await sql.query(`select count(distinct tableoid)::int as leaves, count(hash)::int as hashes from ${q}.events`);
    expect(rows).toEqual([{ leaves: 3, hashes: 14 }]);

    await sql.query(`set session_replication_role = replica; update ${q}.events set data = '{}' where stream_id = (select id from ${q}.streams where name = 'cart-1') and version = 3;
      set session_replication_role = origin`);
    expect((await store.verify()).counts).toEqual({ chain: 1 });
  });

  test("refuses changes in every leaf", async ({ full, cross, sql, q }) => {
    await cross();
    await full.appendToStream("cart-1", [added()]);
    for (const table of ["events", "events_0", `events_${boundary}`, "event_ids"])
      for (const change of [`update ${q}.${table} set position = 1`, `delete from ${q}.${table}`, `truncate ${q}.${table}`])
        await expect(sql.query(change), change).rejects.toMatchObject({ code: "TM004" });
  });

  test("lets a role append that could before, under every isolation level", async ({ store, client, cross, sql, schema, q }) => {
    await using role = await createRole(sql);
    await sql.query(`grant usage on schema ${q} to ${role.name}; grant usage on all sequences in schema ${q} to ${role.name}`);
    await sql.query(`grant select, insert, update on all tables in schema ${q} to ${role.name}`);
    await store.appendToStream("cart-1", [added()]);
    await partition(sql, schema, boundary);
    const user = await client();
    await user.query(`set role ${role.name}`);
    for (const [n, level] of ["read committed", ...levels].entries()) {
      await user.query(`begin isolation level ${level}`);
      const appended = await store.withTransaction(user).appendToStream("cart-1", [{ ...added(), id: randomUUID() }]);
      await user.query("commit");
      expect(appended, level).toMatchObject({ version: n + 2 });
      if (n === 0) await cross();
    }
  });
});

describe("a version of a stream, across the boundary, is given once", () => {
  test("by two appends at the same time", async ({ full, client, cross }) => {
    const user = await client();
    await user.query("begin");
    const first = await full.withTransaction(user).appendToStream("cart-1", [added()]);
    await cross();
    const second = full.appendToStream("cart-1", [added()]);
    const other = await full.appendToStream("cart-2", [added()]);
    await user.query("commit");
    expect(first.position).toBeLessThan(boundary);
    expect(other.position).toBeGreaterThanOrEqual(boundary);
    expect(await second).toMatchObject({ version: first.version + 1 });
  });

  test.for(levels)("to a transaction whose snapshot (%s) is older than the last append", async (level, { full, client, cross, sql, q }) => {
    for (const stream of ["cart-1", "new-1"]) {
      await sql.query(`select pg_catalog.setval('${q}.events_position_seq', 500 + nextval('${q}.events_position_seq') % 400)`);
      const user = await client();
      await user.query(`begin isolation level ${level}`);
      await user.query(`select from ${q}.streams limit 1`);
      await full.appendToStream(stream, [added()]);
      await cross();
      expect(await rejection(full.withTransaction(user).appendToStream(stream, [added()]))).toMatchObject(outdated);
      await user.query("rollback");
    }
  });

  test.for(levels)("also where that transaction (%s) only reads the stream, and not where nothing came after", async (level, { full, client, cross }) => {
    await full.appendToStreams([{ streamId: "limit-0", events: [], expectedVersion: 0 }]);
    const [stale, sound] = [await client(), await client()];
    for (const user of [stale, sound]) await user.query(`begin isolation level ${level}; select 1`);
    await full.appendToStreams([
      { streamId: "limit-0", events: [added()] },
      { streamId: "cart-1", events: [added()] },
    ]);
    await cross();
    for (const part of [
      { streamId: "limit-0", expectedVersion: 0 },
      { streamId: "cart-1", expectedVersion: 15 },
    ]) {
      await stale.query("savepoint before");
      const appended = full.withTransaction(stale).appendToStreams([
        { streamId: "new-1", events: [added()] },
        { ...part, events: [] },
      ]);
      expect(await rejection(appended)).toMatchObject(outdated);
      await stale.query("rollback to before");
    }
    expect(
      await full.withTransaction(sound).appendToStreams([
        { streamId: "cart-2", events: [added()], expectedVersion: 15 },
        { streamId: "cart-0", events: [], expectedVersion: 20 },
      ]),
    ).toMatchObject([{ version: 16 }, { version: 20 }]);
    await sound.query("commit");
    const last = (await full.readAll().toArray()).slice(-3);
    expect(last.map(({ streamId, version }) => `${streamId} ${version}`)).toEqual(["cart-1 16", "limit-0 1", "cart-2 16"]);
  });
});

describe("an id, across the boundary, is in the log once", () => {
  test.for(["rollback", "commit"])(
    "where two callers choose it at the same time, of whom the first ends with %s",
    async (end, { full, client, cross, sql }) => {
      const own = { ...added(), id: randomUUID() };
      const user = await client();
      await user.query("begin");
      await full.withTransaction(user).appendToStream("cart-1", [own]);
      await cross();
      const second = full.appendToStream("cart-2", [own]).catch((error: unknown) => error);
      await waitersFor(sql, 1);
      await user.query(end);
      expect(await second).toMatchObject(end === "commit" ? { code: "DUPLICATE_EVENT" } : { version: 16 });
      expect((await full.readAll().toArray()).filter(({ id }) => id === own.id)).toHaveLength(1);
    },
  );

  test("where one caller chooses what the library made in the open transaction of another", async ({ full, client, cross, sql }) => {
    const user = await client();
    await user.query("begin");
    const tx = full.withTransaction(user);
    await tx.appendToStream("cart-1", [added()]);
    const id = await lastId(tx, "cart-1");
    await cross();
    const second = full.appendToStream("cart-2", [{ ...added(), id }]).catch((error: unknown) => error);
    await waitersFor(sql, 1);
    await user.query("commit");
    expect(await second).toMatchObject({ code: "DUPLICATE_EVENT" });
  });

  test("where it was there before, and an append that is sent again gets its first result", async ({ full, cross }) => {
    const own = { ...added(), id: randomUUID() };
    const first = await full.appendToStream("cart-1", [own]);
    const made = await lastId(full, "cart-0");
    await cross();
    expect(await full.appendToStream("cart-1", [own])).toEqual({ ...first, created: false });
    for (const id of [own.id, made]) expect(await rejection(full.appendToStream("cart-2", [{ ...added(), id }]))).toMatchObject({ code: "DUPLICATE_EVENT" });
  });

  test.for(levels)("to a transaction whose snapshot (%s) does not show it", async (level, { full, cross, client }) => {
    const user = await client();
    await user.query(`begin isolation level ${level}; select 1`);
    const own = randomUUID();
    await full.appendToStream("cart-1", [{ ...added(), id: own }]);
    await full.appendToStream("cart-1", [added()]);
    const made = await lastId(full, "cart-1");
    await cross();
    for (const id of [own, made]) {
      await user.query("savepoint before");
      expect(await rejection(full.withTransaction(user).appendToStream("cart-2", [{ ...added(), id }]))).toMatchObject({ code: "SERIALIZATION_FAILURE" });
      await user.query("rollback to before");
    }
  });

  test("and the versions of a stream that an import goes on with are given once too", async ({ full, cross, sql, schema, q, databaseUrl }) => {
    const { database } = await open(databaseUrl);
    const [early, late] = [lines(item("cart-9", 1), item("cart-9", 2)), lines(item("cart-9", 3), item("cart-9", 4))];
    async function* file(): AsyncGenerator<Buffer> {
      yield Buffer.from(early);
      await eventually(async () => expect((await sql.query(`select from ${q}.event_ids`)).rowCount).toBe(2));
      await full.appendToStream("cart-9", [added()]);
      await cross();
      yield Buffer.from(late);
    }
    expect(await logOf(database, schema).import(file(), { groups: { events: 2, size: 1_000_000 } })).toMatchObject({ written: 4 });
    await database.close();
    expect((await full.readStream("cart-9").toArray()).map(({ version, data }) => [version, data])).toEqual(
      [1, 2, 1, 3, 4].map((n, index) => [index + 1, { n }]),
    );
  });
});
