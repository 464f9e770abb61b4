import pg from "pg";
import { joinTransaction, type TransactionClient } from "../../src/database/transaction-client.ts";
import { describe, expect, testWithoutSchema as base } from "../support/test.ts";
import { recordWarnings, rejection } from "./open.ts";

const test = base.extend("client", async ({ sql }, { onCleanup }) => {
  const client = await sql.connect();
  onCleanup(() => client.release(true));
  return client;
});

const join = (client: TransactionClient, queryTimeoutMs = 0) => joinTransaction(client, { queryTimeoutMs, logger: recordWarnings().logger });
const read = { name: "read", text: "select $1::text as a, txid_current()::text as transaction" };

/** What other drivers and older pg look like: only a query. */
const plain = (client: pg.PoolClient): TransactionClient => ({ query: (text, values) => client.query(text, values) });

describe.for([
  ["a pg client", (client: pg.PoolClient) => client],
  ["any client", plain],
] as const)("%s", ([, present]) => {
  test("inside a transaction runs the store's statements and the user's in it", async ({ client }) => {
    await client.query("begin");
    const { rows } = await client.query("select txid_current()::text as transaction");
    const session = join(present(client));
    expect(await session.query(read, ["x"])).toEqual([{ a: "x", transaction: rows[0].transaction }]);
    expect(await session.userQuery("select txid_current()::text as transaction, 5 as n", [])).toEqual({ rows: [{ n: 5, ...rows[0] }], rowCount: 1 });
    await client.query("rollback");
  });

  test("outside a transaction is refused, and nothing was written", async ({ client, schema }) => {
    const quoted = pg.escapeIdentifier(schema);
    await client.query(`create schema ${quoted}; create table ${quoted}.t (n int)`);
    const session = join(present(client));
    const insert = { name: "insert", text: `insert into ${quoted}.t values (1)` };
    expect(await rejection(session.query(insert, []))).toMatchObject({ code: "INVALID_ARGUMENT", path: "client", message: expect.stringContaining("BEGIN") });
    expect((await client.query(`select 1 from ${quoted}.t`)).rows).toEqual([]);
  });

  test("in a failed transaction is told to roll back", async ({ client }) => {
    await client.query("begin");
    await client.query("select 1/0").catch(() => {});
    await client.query("select 1").catch(() => {});
    expect(await rejection(join(present(client)).query(read, ["x"]))).toMatchObject({ code: "DATABASE", sqlState: "25P02" });
    await client.query("rollback");
  });

  test("leaves the transaction as it found it: no savepoint stays, nothing is committed", async ({ client }) => {
    await client.query("begin");
    await join(present(client)).query({ name: "n", text: "select 'x' as x" }, []);
    expect((await client.query("select pg_current_xact_id_if_assigned() as id")).rows).toEqual([{ id: null }]);
    const error = await client.query("rollback to savepoint tidemark_probe").catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "3B001" });
    await client.query("rollback");
  });

  test("meets a serialization failure as an error of its own", async ({ client, sql, schema }) => {
    const table = `${pg.escapeIdentifier(schema)}.t`;
    await sql.query(`create schema ${pg.escapeIdentifier(schema)}; create table ${table} (n int); insert into ${table} values (1)`);
    await client.query("begin isolation level repeatable read");
    await client.query(`select * from ${table}`);
    await sql.query(`update ${table} set n = 2`);
    const update = { name: "update", text: `update ${table} set n = 3` };
    expect(await rejection(join(present(client)).query(update, []))).toMatchObject({ code: "SERIALIZATION_FAILURE", sqlState: "40001", retryable: true });
    await client.query("rollback");
  });
});

describe("any client", () => {
  test("is refused once its transaction is over, outside of any and inside of the next", async ({ client, schema }) => {
    const quoted = pg.escapeIdentifier(schema);
    await client.query(`create schema ${quoted}; create table ${quoted}.t (n int)`);
    await client.query(`create function ${quoted}.write() returns setof text as 'insert into ${quoted}.t values (1) returning n::text' language sql`);
    const write = { name: "write", text: `select n::text from ${quoted}.write() as n` };
    const nothing = { name: "nothing", text: `select n::text from ${quoted}.t where n = 9` };
    await client.query("begin");
    const session = join(plain(client));
    await client.query("savepoint mine");
    expect(await session.query(write, [])).toEqual([{ n: "1" }]);
    await client.query("rollback to savepoint mine");
    expect(await session.query(write, [])).toEqual([{ n: "1" }]);
    expect(await session.query(nothing, [])).toEqual([]);
    await client.query("commit");
    const refused = { code: "INVALID_ARGUMENT", path: "client", message: expect.stringContaining("after its transaction had ended") };
    for (const begin of ["", "begin"]) {
      await client.query(begin);
      for (const statement of [write, nothing]) expect(await rejection(session.query(statement, []))).toMatchObject(refused);
    }
    await client.query("commit");
    expect((await client.query(`select n from ${quoted}.t`)).rows).toEqual([{ n: 1 }]);
  });
});

describe("a pg client", () => {
  test("is asked at every call, so that a transaction that ended is noticed", async ({ client }) => {
    await client.query("begin");
    const session = join(client);
    await session.query(read, ["x"]);
    await client.query("commit");
    expect(await rejection(session.query(read, ["y"]))).toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  test("of an older pg, which does not know its status, is asked by a savepoint", async ({ client }) => {
    Object.defineProperty(client, "getTransactionStatus", { value: undefined, configurable: true });
    expect(await rejection(join(client).query(read, ["x"]))).toMatchObject({ code: "INVALID_ARGUMENT" });
    await client.query("begin");
    const session = join(client);
    expect(await session.query(read, ["x"])).toMatchObject([{ a: "x" }]);
    await client.query("rollback");
    expect(await rejection(session.query(read, ["x"]))).toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  test("gets no prepared statements, keeps no listeners, and reads text whatever its parsers", async ({ client }) => {
    client.setTypeParser(pg.types.builtins.TEXT, () => "mine");
    await client.query("begin");
    const listeners = ["error", "notice"].map((event) => client.listenerCount(event));
    const session = join(client);
    expect(await session.query(read, ["x"])).toMatchObject([{ a: "x" }]);
    expect((await client.query("select name::varchar from pg_prepared_statements")).rows).toEqual([]);
    expect(["error", "notice"].map((event) => client.listenerCount(event))).toEqual(listeners);
    await client.query("rollback");
  });

  test("is cancelled, not closed, when a call takes too long", async ({ client }) => {
    await client.query("begin");
    expect(await rejection(join(client, 50).query({ name: "sleep", text: "select pg_sleep(60)::text" }, []))).toMatchObject({ sqlState: "57014" });
    await client.query("rollback");
    expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  });

  test("runs calls that are awaited together one after the other", async ({ client }) => {
    await client.query("begin");
    const session = join(client);
    const warnings: string[] = [];
    const listen = (warning: Error): number => warnings.push(warning.message);
    process.on("warning", listen);
    expect(await Promise.all(["a", "b", "c"].map((a) => session.query(read, [a])))).toMatchObject([[{ a: "a" }], [{ a: "b" }], [{ a: "c" }]]);
    process.off("warning", listen);
    expect(warnings).toEqual([]);
    await client.query("rollback");
  });
});

describe("what is no transaction at all", () => {
  test("a pool is refused at once", ({ sql }) => {
    expect(() => join(sql)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining("is a pool") }));
  });

  test.for([undefined, null, {}, "client"])("%j is refused at once", (client) => {
    // @ts-expect-error -- a JavaScript program can pass anything
    expect(() => join(client)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", path: "client" }));
  });
});
