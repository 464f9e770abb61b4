import { connect, createServer } from "node:net";
import { once } from "node:events";
import { startProxy } from "@tidemark/servers";
import pg from "pg";
import { describe, eventually, expect, test } from "../support/test.ts";
import { gate, open, pidOf, rejection, sleep } from "./open.ts";

describe("max", () => {
  test("bounds the connections; a call beyond them waits, then fails with nothing sent", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { max: 2, connectionTimeoutMs: 100 });
    // A busy machine may need longer than that to make one. Those of the test are made before it, as often as it takes.
    await eventually(async () => {
      await Promise.all([pidOf(opened.database), pidOf(opened.database)]);
      expect(opened.database.pool).toMatchObject({ totalCount: 2, idleCount: 2 });
    });
    const held = gate();
    const begun = [gate(), gate()];
    const holders = begun.map(({ open: tell }) =>
      opened.database.transaction(async () => {
        tell();
        await held.opened;
      }),
    );
    const asking = Promise.all(begun.map(({ opened: one }) => one)).then(() => rejection(opened.database.query(sleep, [0])));
    // All of them at once: one that fails fails the test, wherever the others are.
    const [error] = await Promise.all([asking.finally(held.open), ...holders]);
    expect(error).toMatchObject({ code: "POOL_TIMEOUT", waitedMs: 100, max: 2, size: 2, waiting: 0, retryable: true });
    expect(error).toMatchObject({ holders: Array.from({ length: 2 }, () => ({ work: "transaction", idle: true, pid: expect.any(Number) })) });
    expect(opened.database.pool).toMatchObject({ totalCount: 2 });
    expect(await pidOf(opened.database)).toBeGreaterThan(0);
  });

  test("is what connections says", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { max: 3 });
    expect(opened.database.connections).toBe(3);
  });
});

test("a call that got no connection is told what has them, the longest first, and how many others wait", async ({ databaseUrl }) => {
  await using opened = await open(databaseUrl, { max: 2, connectionTimeoutMs: 60_000 });
  const { database } = opened;
  const held = gate();
  const pid = Promise.withResolvers<number>();
  const holder = database.transaction(async (session) => {
    pid.resolve(await pidOf(session));
    await held.opened;
  });
  const longest = await pid.promise;
  const sleeping = new AbortController();
  const slow = rejection(database.query(sleep, [60], { signal: sleeping.signal }));
  await eventually(() => expect(database.metrics().inUse).toBe(2));
  const others = [1, 2].map(() => database.userQuery("select 1", []));
  await eventually(() => expect(database.metrics().waiting).toBe(2));
  const error = database.noneFree(70);
  expect(error).toMatchObject({
    waitedMs: 70,
    max: 2,
    size: 2,
    waiting: 2,
    holders: [
      { work: "transaction", pid: longest, idle: true },
      { work: "sleep", idle: false },
    ],
  });
  expect(error.holders[0]?.heldMs).toBeGreaterThanOrEqual(error.holders[1]?.heldMs ?? Infinity);
  expect(error.message).toMatch(
    new RegExp(
      String.raw`^No connection became free within 70 ms; all 2 are in use, and 2 other calls wait\. Held longest: by a transaction \(backend ${longest}\), for \d+ ms, which runs no statement now\. Find `,
    ),
  );
  sleeping.abort(new Error("enough"));
  held.open();
  await Promise.all([slow, holder, ...others]);
  expect(database.noneFree(1).holders).toEqual([]);
  expect(database.noneFree(1).message).toContain("This store holds none of them");
});

describe("idleTimeoutMs and min", () => {
  test("close idle connections, down to none by default", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { idleTimeoutMs: 1 });
    await pidOf(opened.database);
    await eventually(() => expect(opened.database.pool).toMatchObject({ totalCount: 0 }));
  });

  test("keep min of them", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { idleTimeoutMs: 1, min: 1 });
    const pids = await Promise.all([pidOf(opened.database), pidOf(opened.database), pidOf(opened.database)]);
    await eventually(() => expect(opened.database.pool).toMatchObject({ totalCount: 1 }));
    // A connection that became idle later, and need not stay, is gone by now.
    await using later = await open(databaseUrl, { idleTimeoutMs: 1 });
    await pidOf(later.database);
    await eventually(() => expect(later.database.pool).toMatchObject({ totalCount: 0 }));
    expect(opened.database.pool).toMatchObject({ totalCount: 1 });
    expect(pids).toContain(await pidOf(opened.database));
  });
});

test("maxLifetimeMs replaces a connection that is older", async ({ databaseUrl }) => {
  await using opened = await open(databaseUrl, { max: 1, maxLifetimeMs: 20 });
  const first = await pidOf(opened.database);
  await eventually(async () => expect(await pidOf(opened.database)).not.toBe(first));
});

test("connectionTimeoutMs bounds the making of a connection", async () => {
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = silent.address();
  if (address === null || typeof address === "string") throw new Error("It listens on a port.");
  const url = `postgres://u:p@127.0.0.1:${address.port}/d`;
  await using opened = await open(url, { connectionTimeoutMs: 50, max: 1 });
  expect(await rejection(opened.database.query(sleep, [0]))).toMatchObject({ code: "CONNECTION", sent: false });
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  const own = await open(pool, { connectionTimeoutMs: 50 });
  expect(await rejection(own.database.query(sleep, [0]))).toMatchObject({
    code: "CONNECTION",
    sent: false,
    message: expect.stringContaining("pool.connectionTimeoutMs"),
  });
  silent.close();
});

describe("pingBeforeUse", () => {
  test.for([true, false])(
    "%s decides whether a connection that died silently is noticed before the statement is sent",
    async (pingBeforeUse, { databaseUrl }) => {
      await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
      await using opened = await open(proxy.through(databaseUrl), { max: 1, pingBeforeUse });
      const before = await pidOf(opened.database);
      const statements: string[] = [];
      proxy.on("frontend", ({ connection, name, bytes }) => {
        if (connection !== 0 || name === "Terminate") return "pass";
        statements.push(bytes.toString("latin1"));
        return "drop-connection-before";
      });
      const next = pidOf(opened.database);
      if (pingBeforeUse) expect(await next).not.toBe(before);
      else expect(await rejection(next)).toMatchObject({ code: "CONNECTION", sent: true });
      expect(statements).toEqual([expect.stringContaining(pingBeforeUse ? "select 1" : "backend_pid")]);
    },
  );
});

test("pingBeforeUse gives up a connection that does not even answer, and waits no longer than for a new one", async ({ databaseUrl }) => {
  await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
  // An answer to a statement is waited for an hour: it comes in time only where that of the ping is not.
  await using opened = await open(proxy.through(databaseUrl), { max: 1, pingBeforeUse: true, connectionTimeoutMs: 2_000, queryTimeoutMs: 3_600_000 });
  const before = await pidOf(opened.database);
  proxy.on("frontend", ({ connection }) => (connection === 0 ? "swallow" : "pass"));
  expect(await pidOf(opened.database)).not.toBe(before);
});

describe("a pool of the user's own", () => {
  test("is used, keeps its own limits, and is never ended", async ({ databaseUrl }) => {
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 1, connectionTimeoutMillis: 3_000 });
    const { database } = await open(pool);
    expect(database).toMatchObject({ pool, connections: 1 });
    const client = await pool.connect();
    expect(await rejection(database.query(sleep, [0]))).toMatchObject({ code: "POOL_TIMEOUT", waitedMs: 3_000, max: 1 });
    client.release();
    await database.close();
    expect((await pool.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    expect(pool.listenerCount("error")).toBe(0);
    await pool.end();
  });

  test("that waits for ever is given up after connectionTimeoutMs, and a client that comes later goes back", async ({ databaseUrl }) => {
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
    const { database } = await open(pool, { connectionTimeoutMs: 50 });
    const client = await pool.connect();
    expect(await rejection(database.query(sleep, [0]))).toMatchObject({ code: "POOL_TIMEOUT", waitedMs: 50 });
    client.release();
    expect(await pidOf(database)).toBeGreaterThan(0);
    await database.close();
    await pool.end();
  });

  test("may parse everything its own way: the library reads text, and the user's queries what the user chose", async ({ databaseUrl }) => {
    const saved = [pg.types.builtins.INT8, pg.types.builtins.TEXT, pg.types.builtins.TIMESTAMPTZ].map((oid) => ({
      oid,
      parser: pg.types.getTypeParser(oid, "text"),
    }));
    for (const { oid } of saved) pg.types.setTypeParser(oid, () => "mine");
    const pool = new pg.Pool({ connectionString: databaseUrl, binary: true } as pg.PoolConfig);
    try {
      const { database } = await open(pool);
      const read = { name: "read", text: "select 'a'::text as a, 9007199254740993::int8::text as b, null::text as c" };
      expect(await database.query(read, [])).toEqual([{ a: "a", b: "9007199254740993", c: null }]);
      await database.close();
    } finally {
      await pool.end();
    }
    await using opened = await open(databaseUrl);
    expect(await opened.database.query({ name: "text", text: "select 'a'::text as a" }, [])).toEqual([{ a: "a" }]);
    expect(await opened.database.userQuery("select $1::int8 as n", [1])).toEqual({ rows: [{ n: "mine" }], rowCount: 1 });
    for (const { oid, parser } of saved) pg.types.setTypeParser(oid, parser);
  });

  test("is not filled with listeners by many statements", async ({ databaseUrl }) => {
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
    const { database } = await open(pool);
    for (let i = 0; i < 12; i++) await pidOf(database);
    const client = await pool.connect();
    expect([client.listenerCount("error"), client.listenerCount("notice")]).toEqual([0, 0]);
    client.release();
    await pool.end();
  });
});

describe("close", () => {
  test("waits for what runs and refuses what comes later", async ({ databaseUrl, sql }) => {
    const { database } = await open(databaseUrl, { max: 1 });
    const held = gate();
    const holder = database.transaction(async (session) => {
      await held.opened;
      return await pidOf(session);
    });
    const waiting = pidOf(database);
    const closing = database.close();
    expect(await rejection(database.query(sleep, [0]))).toMatchObject({ code: "STORE_CLOSED" });
    held.open();
    const pid = await holder;
    expect(await waiting).toBe(pid);
    await closing;
    await eventually(async () => expect((await sql.query("select 1 from pg_stat_activity where pid = $1", [pid])).rows).toEqual([]));
    await database.close();
  });
});

describe("userQuery", () => {
  test("that leaves a transaction open is refused, and the next caller is outside of it", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { max: 1 });
    expect(await rejection(opened.database.userQuery("begin", []))).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("store.transaction"),
    });
    const { rows } = await opened.database.userQuery<{ alone: boolean }>("select now() = statement_timestamp() as alone", []);
    expect(rows).toEqual([{ alone: true }]);
  });

  test("that fails inside a transaction it began leaves none to the next caller", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { max: 1 });
    expect(await rejection(opened.database.userQuery("begin; select 1/0", []))).toMatchObject({ sqlState: "22012" });
    expect((await opened.database.userQuery("select 1 as one", [])).rows).toEqual([{ one: 1 }]);
  });
});

/** What a server sends a session that an administrator ends. */
function goodbye(): Buffer {
  const fields = Buffer.from("SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0");
  const header = Buffer.from("E\0\0\0\0");
  header.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([header, fields]);
}

test.for(["own", "the user's"])("a session that ends in the packet that opens it ends no process: pool %s", async (whose, { databaseUrl }) => {
  const target = new URL(databaseUrl);
  const port = Number(target.port);
  let ended = 0;
  const server = createServer((client) => {
    const backend = connect({ host: "127.0.0.1", port });
    client.pipe(backend);
    backend.on("data", (data) => {
      const ready = data.subarray(-6).equals(Buffer.from("Z\0\0\0\u0005I"));
      if (!ready || ended > 0) return void client.write(data);
      ended++;
      client.end(Buffer.concat([data, goodbye()]));
    });
    for (const [one, other] of [
      [client, backend],
      [backend, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  target.port = String(address.port);
  const users = whose === "own" ? undefined : new pg.Pool({ connectionString: target.href });
  {
    await using opened = await open(users ?? target.href);
    expect(await rejection(opened.database.query(sleep, [0]))).toMatchObject({ code: "CONNECTION", sent: false });
    expect(await pidOf(opened.database)).toBeGreaterThan(0);
  }
  await users?.end();
  server.close();
  expect(ended).toBe(1);
});

test("a connection that the server ends after the pool was closed harms nobody", async ({ databaseUrl }) => {
  const { database } = await open(databaseUrl);
  await pidOf(database);
  await database.close();
  const { pool } = database;
  if (!(pool instanceof pg.Pool)) throw new Error("The pool of a server's database is a pg.Pool.");
  // As pg-pool tells of an idle client: without a listener it would end the process.
  expect(() => pool.emit("error", new Error("terminating connection due to administrator command"), new pg.Client())).not.toThrow();
});
