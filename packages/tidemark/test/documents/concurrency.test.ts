import { quoteLiteral } from "../../src/schema/render.ts";
import type { Session } from "../../src/database/database.ts";
import type { DocumentKey } from "../../src/documents/collection.ts";
import { CollectionTable, decodeRow, type StoredDocument } from "../../src/documents/collection-table.ts";
import { createCollections, makeLive } from "../../src/documents/create-collections.ts";
import { openDatabase } from "../schema/open.ts";
import { createRole } from "../schema/roles.ts";
import { describe, eventually, expect, test } from "./test.ts";

const carts = { collection: "carts", version: 1 };

async function waiting(sql: { query: (text: string) => Promise<{ rows: { count: string }[] }> }, event: string): Promise<number> {
  const { rows } = await sql.query(
    `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and wait_event = '${event}'`,
  );
  return Number(rows[0]?.count);
}

async function lockDocuments(session: Session, table: CollectionTable, keys: readonly DocumentKey[]): Promise<readonly StoredDocument[]> {
  const { statement, values } = table.lockCall(keys, "each time");
  return (await session.query(statement, values)).map(decodeRow);
}

describe("collections", () => {
  test("are created once by twenty that start together", async ({ database, databaseUrl, schema, sql, q }) => {
    const starters = await Promise.all(Array.from({ length: 20 }, () => openDatabase(databaseUrl)));
    const gate = await sql.connect();
    try {
      await gate.query("begin");
      await gate.query(`select pg_advisory_xact_lock(hashtextextended(${quoteLiteral(`tidemark collections of ${schema}`)}, 0))`);
      // All have seen that nothing is there.
      const created = Promise.all(starters.map((starter) => createCollections(starter, schema, [carts, { collection: "orders", version: 1 }])));
      await eventually(async () => expect(await waiting(sql, "advisory")).toBe(20));
      await gate.query("commit");
      await created;
      const { rows } = await database.userQuery(`select 1 from ${q}.carts union all select 1 from ${q}.orders`, []);
      expect(rows).toEqual([]);
    } finally {
      gate.release();
      await Promise.all(starters.map((starter) => starter.close()));
    }
  });

  test("that exist need no right to create, and say what is needed where they do not", async ({ database, databaseUrl, schema, sql, q }) => {
    await using role = await createRole(sql);
    const own = await role.open(databaseUrl);
    await sql.query(`grant usage on schema ${q} to ${role.name}`);
    await expect(createCollections(own, schema, [carts])).rejects.toMatchObject({
      sqlState: "42501",
      message: expect.stringContaining("grant usage, create on schema"),
    });
    await createCollections(database, schema, [carts]);
    await createCollections(own, schema, [carts]);
  });

  test("keep the grants of their view when another version goes live", async ({ database, databaseUrl, schema, sql, q }) => {
    await using role = await createRole(sql);
    const own = await role.open(databaseUrl);
    const next = { collection: "carts", version: 2 };
    await createCollections(database, schema, [carts, next]);
    await sql.query(`grant usage on schema ${q} to ${role.name}; grant select on ${q}.carts to ${role.name}`);
    await new CollectionTable(schema, next).write(database, [{ tenant: "", id: "a", data: `{"_id":"a"}` }]);
    await database.transaction((session) => makeLive(session, schema, next));
    expect((await own.userQuery(`select _id from ${q}.carts`, [])).rows).toEqual([{ _id: "a" }]);
  });

  test("lock documents in one order, whatever order they are asked in", async ({ database, schema, sql, q }) => {
    await createCollections(database, schema, [carts]);
    const table = new CollectionTable(schema, carts);
    const ids = ["a", "b", "c", "\u{1f600}", "\ue000"];
    await table.write(
      database,
      ids.map((id) => ({ tenant: "", id, data: `{"_id":"${id}"}` })),
    );
    const gate = await sql.connect();
    try {
      await gate.query("begin");
      await gate.query(`select 1 from ${q}.carts__v1 where _id = 'b' for update`);
      const lock = (order: readonly string[]): Promise<number> =>
        database.transaction(
          async (session) =>
            (
              await lockDocuments(
                session,
                table,
                order.map((id) => ({ tenant: "", id })),
              )
            ).length,
        );
      const both = Promise.all([lock(ids.toReversed()), lock(ids)]);
      // One holds "a" and waits for "b", the other waits for "a": nobody has reached "c" and what comes behind.
      await eventually(async () => {
        const { rows } = await sql.query("select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
        expect(rows).toHaveLength(2);
      });
      const free = await sql.query(`select _id from ${q}.carts__v1 order by _id for update skip locked`);
      expect(free.rows).toEqual([{ _id: "c" }, { _id: "\ue000" }, { _id: "\u{1f600}" }]);
      await gate.query("commit");
      expect(await both).toEqual([5, 5]);
    } finally {
      gate.release();
    }
  });

  test("give whoever locks a document what was committed while it waited", async ({ database, schema, sql, q }) => {
    await createCollections(database, schema, [carts]);
    const table = new CollectionTable(schema, carts);
    await table.write(database, [{ tenant: "", id: "a", data: `{"_id":"a","n":1}` }]);
    const gate = await sql.connect();
    try {
      await gate.query("begin");
      await gate.query(`update ${q}.carts__v1 set data = '{"_id":"a","n":2}', _version = 2 where _id = 'a'`);
      const locked = database.transaction((session) => lockDocuments(session, table, [{ tenant: "", id: "a" }]));
      await eventually(async () => expect(await waiting(sql, "transactionid")).toBe(1));
      await gate.query("commit");
      expect(await locked).toEqual([{ tenant: "", id: "a", version: 2, document: { n: 2 } }]);
    } finally {
      gate.release();
    }
  });
});

describe("the statements of a collection", () => {
  test("find documents by the key, on an empty table without statistics as on a large one", async ({ database, schema, sql, q }) => {
    await createCollections(database, schema, [carts]);
    const table = new CollectionTable(schema, carts);
    const keys = Array.from({ length: 50 }, (_, n) => ({ tenant: "", id: `cart-${n}` }));
    // Seven times: from the sixth on PostgreSQL may keep a plan.
    for (let n = 0; n < 7; n++) {
      await table.load(database, keys);
      await table.write(database, [{ tenant: "", id: "gone", data: null }]);
    }
    await sql.query(`insert into ${q}.carts__v1 (_id, data) select 'cart-' || n, '{}' from generate_series(1, 5000) as n`);
    await database.transaction(async (session) => {
      // What earlier transactions of the session did is still among the counts.
      const scans = async (): Promise<unknown> => {
        const text = "select seq_scan from pg_stat_xact_user_tables where schemaname = $1 and relname = 'carts__v1'";
        return (await session.userQuery(text, [schema])).rows;
      };
      const before = await scans();
      await table.load(session, keys);
      await lockDocuments(session, table, keys);
      await table.write(
        session,
        keys.map(({ id }) => ({ tenant: "", id, data: id === "cart-1" ? null : `{"_id":"${id}"}` })),
      );
      expect(await scans()).toEqual(before);
    });
  });
});
