import pg from "pg";
import { inject } from "vitest";
import { append } from "./open.ts";
import { describe, expect, test } from "./test.ts";

async function connect(url: string): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

describe("the mark moves on at once beside", () => {
  const writes = "begin; select pg_current_xact_id()";

  test("a transaction that has written and sits idle in this database", async ({ store, databaseUrl }) => {
    await using stranger = await connect(databaseUrl);
    await stranger.query(writes);
    const position = await append(store, "order");
    expect(await store.highWaterMark()).toBe(position);
  });

  test("one in another database of the server", async ({ store }) => {
    await using stranger = await connect(inject("serverUrl"));
    await stranger.query(writes);
    const position = await append(store, "order");
    expect(await store.highWaterMark()).toBe(position);
  });

  test("a stranger's prepared transaction", async ({ store, databaseUrl, sql }) => {
    await using stranger = await connect(databaseUrl);
    const gid = crypto.randomUUID();
    await stranger.query(`${writes}; prepare transaction '${gid}'`);
    try {
      const position = await append(store, "order");
      expect(await store.highWaterMark()).toBe(position);
      expect(await store.blockers()).toEqual([]);
    } finally {
      await sql.query(`rollback prepared '${gid}'`);
    }
  });

  test.for(["repeatable read", "serializable"])("a snapshot held under %s", async (isolation, { store, databaseUrl }) => {
    await using stranger = await connect(databaseUrl);
    await stranger.query(`begin isolation level ${isolation}; select count(*) from pg_class`);
    const position = await append(store, "order");
    expect(await store.highWaterMark()).toBe(position);
  });

  test("a user's transaction that has read the store, locked one of its streams, and lost a conflict", async ({ store, begin }) => {
    await append(store, "order");
    const user = await begin();
    await user.tx.readAll().toArray();
    await expect(user.tx.appendToStream("order", [{ type: "Happened", data: {} }], { expectedVersion: 0 })).rejects.toMatchObject({ code: "VERSION_CONFLICT" });
    const position = await append(store, "another");
    expect(await store.highWaterMark()).toBe(position);
    expect(await store.blockers()).toEqual([]);
  });
});
