import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startProxy, startServer } from "@tidemark/servers";
import pg from "pg";
import { describe, eventually, expect, testWithoutSchema as test } from "../support/test.ts";
import { clientOf, gate, open, pidOf, rejection, sleep } from "./open.ts";

/** Waits until some session sleeps, and returns its pid. */
async function sleeper(sql: pg.Pool): Promise<number> {
  return await eventually(async () => {
    const { rows } = await sql.query("select pid from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()");
    expect(rows).toHaveLength(1);
    return rows[0].pid;
  });
}

describe("a statement that takes too long", () => {
  test("is cancelled on the server, and nothing of it was written", async ({ databaseUrl, sql }) => {
    await using opened = await open(databaseUrl, { queryTimeoutMs: 50 });
    const error = await rejection(opened.database.query(sleep, [60]));
    expect(error).toMatchObject({ code: "DATABASE", sqlState: "57014", retryable: true, message: expect.stringContaining("longer than 50 ms") });
    expect(error).toMatchObject({ message: expect.stringContaining("pool.queryTimeoutMs") });
    const { rows } = await sql.query("select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()");
    expect(rows).toEqual([]);
  });

  test("takes its own limit where the call has one", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { queryTimeoutMs: 30_000 });
    expect(await rejection(opened.database.query(sleep, [60], { timeoutMs: 50 }))).toMatchObject({
      sqlState: "57014",
      message: expect.stringContaining("longer than 50 ms"),
    });
  });

  test("leaves its connection to nobody, whom a late cancellation could hit", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { max: 1 });
    const before = await pidOf(opened.database);
    await rejection(opened.database.query(sleep, [60], { timeoutMs: 50 }));
    expect(await pidOf(opened.database)).not.toBe(before);
  });

  test("that finished all the same keeps its transaction waiting until the request to cancel is over", async ({ databaseUrl, sql }) => {
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using opened = await open(proxy.through(databaseUrl));
    const holder = await sql.connect();
    await holder.query("select pg_advisory_lock(7)");
    const requested = gate();
    const held = gate();
    proxy.on("frontend", async ({ name }) => {
      if (name !== "CancelRequest") return;
      requested.open();
      await held.opened;
    });
    try {
      const result = await opened.database.transaction(async (session) => {
        const pid = await pidOf(session);
        let settled = false;
        const call = session.query({ name: "lock", text: "select pg_advisory_lock(7)::text as locked" }, [], { timeoutMs: 50 }).finally(() => (settled = true));
        await requested.opened;
        await holder.query("select pg_advisory_unlock(7)");
        await eventually(async () =>
          expect((await sql.query("select state from pg_stat_activity where pid = $1", [pid])).rows).toEqual([{ state: "idle in transaction" }]),
        );
        expect(settled).toBe(false);
        held.open();
        await call;
        return await session.query({ name: "next", text: "select 'not cancelled' as next" }, []);
      });
      expect(result).toEqual([{ next: "not cancelled" }]);
    } finally {
      held.open();
      holder.release();
    }
  });

  test("has an unknown outcome when the server does not even answer the request to cancel", async ({ databaseUrl }) => {
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using opened = await open(proxy.through(databaseUrl));
    await opened.database.query(sleep, [0]);
    proxy.on("frontend", () => "swallow");
    const error = await rejection(opened.database.query(sleep, [0], { timeoutMs: 50 }));
    expect(error).toMatchObject({ code: "CONNECTION", sent: true, retryable: true, message: expect.stringContaining("unknown") });
  });

  test("returns its result when it finished all the same, and the log says what was not replicated", async () => {
    await using server = await startServer({ settings: { synchronous_standby_names: "nobody", fsync: "off" } });
    await using opened = await open(server.url);
    const create = { name: "create", text: "create table written (n int)" };
    await pidOf(opened.database);
    // The commit waits for a standby that there is not, until it is cancelled: then it has committed all the same. It begins to wait long before.
    expect(await opened.database.query(create, [], { timeoutMs: 3_000 })).toEqual([]);
    expect(opened.warnings).toEqual([expect.stringContaining("canceling wait for synchronous replication")]);
    expect(await opened.database.query({ name: "look", text: "select count(*)::text as n from written" }, [])).toEqual([{ n: "0" }]);
  });
});

describe("an aborted call", () => {
  test("rejects with the signal's reason once the server has cancelled", async ({ databaseUrl, sql }) => {
    await using opened = await open(databaseUrl);
    const controller = new AbortController();
    const call = rejection(opened.database.query(sleep, [60], { signal: controller.signal }));
    await sleeper(sql);
    const reason = new Error("the user left");
    controller.abort(reason);
    expect(await call).toBe(reason);
    const { rows } = await sql.query("select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()");
    expect(rows).toEqual([]);
  });

  test("sends nothing when it was aborted before", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl);
    const reason = new Error("never mind");
    expect(await rejection(opened.database.query(sleep, [0], { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(opened.database.pool).toMatchObject({ totalCount: 0 });
  });

  test("stops waiting for a connection, and the connection goes to the next", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { max: 1 });
    const held = gate();
    const holder = opened.database.transaction(() => held.opened);
    const controller = new AbortController();
    const call = rejection(opened.database.query(sleep, [0], { signal: controller.signal }));
    controller.abort("gone");
    expect(await call).toBe("gone");
    held.open();
    await holder;
    expect(await pidOf(opened.database)).toBeGreaterThan(0);
  });
});

describe("a connection that is lost", () => {
  test("while a statement runs leaves its outcome unknown", async ({ databaseUrl, sql }) => {
    await using opened = await open(databaseUrl);
    const call = rejection(opened.database.query(sleep, [60]));
    await sql.query("select pg_terminate_backend($1)", [await sleeper(sql)]);
    expect(await call).toMatchObject({ code: "CONNECTION", sent: true, sqlState: "57P01", retryable: true });
    expect(await pidOf(opened.database)).toBeGreaterThan(0);
  });

  test("without a word leaves the outcome unknown too", async ({ databaseUrl, sql }) => {
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using opened = await open(proxy.through(databaseUrl));
    const call = rejection(opened.database.query(sleep, [60]));
    const pid = await sleeper(sql);
    proxy.cutAll();
    expect(await call).toMatchObject({ code: "CONNECTION", sent: true, sqlState: undefined });
    await sql.query("select pg_terminate_backend($1)", [pid]);
  });

  test("while it was idle harms nobody", async ({ databaseUrl, sql }) => {
    await using opened = await open(databaseUrl, { max: 1 });
    const pid = await pidOf(opened.database);
    await sql.query("select pg_terminate_backend($1)", [pid]);
    await eventually(() => expect(opened.database.pool).toMatchObject({ totalCount: 0 }));
    expect(await pidOf(opened.database)).not.toBe(pid);
  });

  test("between two statements of a transaction sends nothing of the second", async ({ databaseUrl, sql }) => {
    await using opened = await open(databaseUrl);
    const call = opened.database.transaction(async (session) => {
      const client = clientOf(session);
      const ended = new Promise((resolve) => client.once("end", () => resolve(undefined)));
      await sql.query("select pg_terminate_backend($1)", [await pidOf(session)]);
      await ended;
      await session.query(sleep, [0]);
    });
    expect(await rejection(call)).toMatchObject({ code: "CONNECTION", sent: false, sqlState: "57P01" });
  });

  test("is replaced after the server said that it is read-only", async ({ databaseUrl, sql, schema }) => {
    const table = `${pg.escapeIdentifier(schema)}.t`;
    await sql.query(`create schema ${pg.escapeIdentifier(schema)}; create table ${table} (n int)`);
    await using opened = await open(databaseUrl, { max: 1 });
    const before = await pidOf(opened.database);
    const writing = opened.database.transaction(async (session) => {
      await session.execute("set transaction read only");
      await session.query({ name: "write", text: `insert into ${table} values (1)` }, []);
    });
    expect(await rejection(writing)).toMatchObject({ code: "DATABASE", sqlState: "25006" });
    expect(await pidOf(opened.database)).not.toBe(before);
  });
});

describe("a connection that cannot be made", () => {
  test.for([
    [
      "a refused one was not sent",
      (url: URL): void => void (url.port = "1"),
      { code: "CONNECTION", sent: false, sqlState: undefined, message: expect.stringContaining("ECONNREFUSED") },
    ],
    [
      "a wrong password is no matter of trying again",
      (url: URL): void => void (url.password = "wrong-pass"),
      { code: "DATABASE", sqlState: "28P01", retryable: false },
    ],
    ["nor is a database that does not exist", (url: URL): void => void (url.pathname = "/nowhere"), { code: "DATABASE", sqlState: "3D000", retryable: false }],
  ] as const)("%s", async ([, change, expected], { databaseUrl }) => {
    const url = new URL(databaseUrl);
    change(url);
    await using opened = await open(url.href);
    const error = await rejection(opened.database.query(sleep, [0]));
    expect(error).toMatchObject(expected);
    expect(String(error)).not.toContain(url.password);
  });

  test("is not sent while the server has no slot left for it", async ({ databaseUrl, sql }) => {
    const name = `few_${new URL(databaseUrl).pathname.slice(1)}`;
    await sql.query(`create role ${name} login password 'few' connection limit 0`);
    const url = new URL(databaseUrl);
    url.username = name;
    url.password = "few";
    await using opened = await open(url.href);
    expect(await rejection(opened.database.query(sleep, [0]))).toMatchObject({ code: "CONNECTION", sent: false, sqlState: "53300", retryable: true });
    await sql.query(`drop role ${name}`);
  });

  test("by an address that is none is refused at once, without its password", async () => {
    const error = await rejection(open("postgres://user:s3cret@host:notaport/db"));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", path: "url" });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("s3cret");
  });
});

describe("an error of the server's", () => {
  test("names constraint and table, keeps its cause, and leaves the connection in use", async ({ databaseUrl, sql, schema }) => {
    const quoted = pg.escapeIdentifier(schema);
    await sql.query(`create schema ${quoted}; create table ${quoted}.t (n int constraint t_n_check check (n > 0))`);
    await using opened = await open(databaseUrl, { max: 1 });
    const before = await pidOf(opened.database);
    const error = await rejection(opened.database.query({ name: "insert", text: `insert into ${quoted}.t values ($1)` }, [-1]));
    expect(error).toMatchObject({
      code: "DATABASE",
      sqlState: "23514",
      constraint: "t_n_check",
      table: "t",
      retryable: false,
      cause: expect.any(pg.DatabaseError),
    });
    expect(await pidOf(opened.database)).toBe(before);
  });

  test("does not quote the value it refuses", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl);
    const error = await rejection(opened.database.query({ name: "number", text: "select $1::text::int8::text" }, ["my-secret"]));
    expect(error).toMatchObject({ sqlState: "22P02" });
    expect(String(error)).not.toContain("my-secret");
  });
});

test("a standby is told from a read-only default, and after its promotion the store writes again", async () => {
  await using server = await startServer({ settings: { fsync: "off" } });
  await using opened = await open(server.url, { max: 1 });
  const insert = { name: "insert", text: "insert into public.t values (1)" };
  await opened.database.userQuery("create table public.t (n int)", []);
  await server.stop();
  await writeFile(join(server.folder, "data", "standby.signal"), "");
  await server.start();
  expect(await opened.database.query({ name: "read", text: "select pg_is_in_recovery()::text as standby" }, [])).toEqual([{ standby: "true" }]);
  const before = await pidOf(opened.database);
  expect(await rejection(opened.database.query(insert, []))).toMatchObject({
    code: "DATABASE",
    sqlState: "25006",
    retryable: true,
    message: expect.stringContaining("standby"),
  });
  expect(await pidOf(opened.database)).not.toBe(before);
  expect(await rejection(opened.database.transaction((session) => session.query(insert, [])))).toMatchObject({
    code: "DATABASE",
    sqlState: "25006",
    retryable: true,
  });
  await opened.database.userQuery("select pg_promote()", []);
  expect(await opened.database.query(insert, [])).toEqual([]);
  expect(opened.warnings).toEqual([]);
});
