import pg from "pg";
import { openDatabase } from "../schema/open.ts";
import { Feed } from "../../src/feed/feed.ts";
import { append, openStore, positions, silent } from "./open.ts";
import { describe, expect, test } from "./test.ts";
import { fn } from "../support/functions.ts";

const levels = ["repeatable read", "serializable"] as const;

describe("where a connection's default is", () => {
  test.for(levels)("%s, the mark and appends work as ever", async (level, { databaseUrl, schema, store, begin }) => {
    const url = new URL(databaseUrl);
    url.searchParams.set("options", `-c default_transaction_isolation=${level.replace(" ", "\\ ")}`);
    await using strict = await openStore(url.href, schema);
    const { rows } = await strict.query("select current_setting('transaction_isolation') as level");
    expect(rows).toEqual([{ level }]);

    const first = await append(strict, "order");
    const open = await begin();
    const held = await open.append("open");
    const later = await append(strict, "order");
    expect(await strict.highWaterMark()).toBe(first);
    expect(await positions(strict)).toEqual([first]);
    await open.commit();
    expect(await strict.highWaterMark()).toBe(later);
    expect(await positions(store)).toEqual([first, held, later]);
  });
});

describe("inside a user's transaction under", () => {
  test.for(levels)("%s there is no mark: everything in the snapshot is read, and nothing else", async (level, { store, begin }) => {
    const open = await begin();
    await open.append("open");
    const second = await append(store, "order");
    const user = await begin(level);
    const seen = await user.tx.readAll().toArray();
    expect(seen.map(({ position }) => position)).toEqual([second]);
    await open.commit();
    expect((await user.tx.readAll().toArray()).map(({ position }) => position)).toEqual([second]);
  });

  test.for(levels)("%s the mark's function refuses to answer", async (level, { schema, store, sql }) => {
    await append(store, "order");
    const client = await sql.connect();
    try {
      await client.query(`begin isolation level ${level}`);
      await expect(client.query(`select * from ${pg.escapeIdentifier(schema)}.high_water_mark(0, null)`)).rejects.toMatchObject({ code: "TM001" });
    } finally {
      await client.query("rollback");
      client.release();
    }
  });

  test("read committed the mark holds below what it appended itself", async ({ databaseUrl, schema, store }) => {
    const before = await append(store, "before");
    const database = await openDatabase(databaseUrl);
    try {
      const feed = new Feed(database, schema, silent);
      await database.transaction(async (session) => {
        expect(await feed.markWithin(session)).toBe(before);
        await session.userQuery(`select ${pg.escapeIdentifier(schema)}.${fn("hold_floor")}()`, []);
        await append(store, "later");
        expect(await feed.markWithin(session)).toBe(before);
      });
      expect(await feed.highWaterMark()).toBe(before + 1);
    } finally {
      await database.close();
    }
  });
});
