import { startProxy } from "@tidemark/servers";
import pg from "pg";
import type { Session, Statement } from "../../src/database/database.ts";
import { describe, eventually, expect, testWithoutSchema as test } from "../support/test.ts";
import { clientOf, gate, open, pidOf, rejection, sleep } from "./open.ts";

async function createTable(sql: pg.Pool, schema: string): Promise<{ table: string; insert: Statement; count: () => Promise<number> }> {
  const quoted = pg.escapeIdentifier(schema);
  const table = `${quoted}.t`;
  await sql.query(`create schema ${quoted}; create table ${table} (n int)`);
  return {
    table,
    insert: { name: "insert", text: `insert into ${table} values (1)` },
    count: async () => (await sql.query(`select count(*)::int as n from ${table}`)).rows[0].n,
  };
}

describe("a transaction", () => {
  test("commits what its callback wrote and returns what it returned", async ({ databaseUrl, sql, schema }) => {
    const { insert, count } = await createTable(sql, schema);
    await using opened = await open(databaseUrl);
    const result = await opened.database.transaction(async (session) => {
      await session.query(insert, []);
      await session.execute("select 1; select 2");
      return (await session.userQuery<{ n: number }>("select $1::int as n", [5])).rows;
    });
    expect(result).toEqual([{ n: 5 }]);
    expect(await count()).toBe(1);
  });

  test("rolls back when its callback throws, whose error passes through", async ({ databaseUrl, sql, schema }) => {
    const { insert, count } = await createTable(sql, schema);
    await using opened = await open(databaseUrl, { max: 1 });
    const mine = new Error("mine");
    const failing = opened.database.transaction(async (session) => {
      await session.query(insert, []);
      throw mine;
    });
    expect(await rejection(failing)).toBe(mine);
    expect(await count()).toBe(0);
    expect((await opened.database.userQuery("select now() = statement_timestamp() as alone", [])).rows).toEqual([{ alone: true }]);
  });

  test("fails when a statement in it failed, although the callback looked away", async ({ databaseUrl, sql, schema }) => {
    const { insert, count } = await createTable(sql, schema);
    await using opened = await open(databaseUrl);
    const failing = opened.database.transaction(async (session) => {
      await session.query(insert, []);
      await session.userQuery("select 1/0", []).catch(() => {});
    });
    expect(await rejection(failing)).toMatchObject({ code: "DATABASE", sqlState: "25P02" });
    expect(await count()).toBe(0);
  });

  test("is READ COMMITTED and writable whatever the defaults are, and ends when idle for too long", async ({ databaseUrl }) => {
    const url = new URL(databaseUrl);
    url.searchParams.set("options", "-c default_transaction_isolation=serializable -c default_transaction_read_only=on");
    await using opened = await open(url.href);
    const settings = (session: Session) =>
      session.userQuery(
        "select current_setting('transaction_isolation') i, current_setting('transaction_read_only') r, current_setting('idle_in_transaction_session_timeout') t",
        [],
      );
    expect((await opened.database.transaction(settings)).rows).toEqual([{ i: "read committed", r: "off", t: "1min" }]);
    expect((await opened.database.transaction(settings, { idleTimeoutMs: 5_000 })).rows).toMatchObject([{ t: "5s" }]);
    const idle = opened.database.transaction(
      async (session) => {
        const client = clientOf(session);
        await new Promise((resolve) => client.once("end", () => resolve(undefined)));
        await session.query(sleep, [0]);
      },
      { idleTimeoutMs: 10 },
    );
    expect(await rejection(idle)).toMatchObject({ code: "CONNECTION", sent: false, sqlState: "25P03" });
  });

  test("sends its last statements in one message with COMMIT, and rolls back where one of them fails", async ({ databaseUrl, sql, schema }) => {
    const { table, insert, count } = await createTable(sql, schema);
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using opened = await open(proxy.through(databaseUrl), { max: 1 });
    const sent: string[] = [];
    proxy.on("frontend", ({ name, bytes }) => void (name === "Query" && sent.push(bytes.toString("utf8"))));
    const written = (last: string): Promise<unknown> => opened.database.transaction((session) => session.query(insert, []), { withCommit: () => last });
    await written(`insert into ${table} values (2); insert into ${table} values (3)`);
    expect(await count()).toBe(3);
    expect(sent.at(-1)).toMatch(/values \(2\).*values \(3\).*; commit/s);
    await written("");
    expect(await count()).toBe(4);
    expect(await rejection(written(`insert into ${table} values (4); select 1/0`))).toMatchObject({ code: "DATABASE", sqlState: "22012" });
    const unknown = opened.database.transaction((session) => session.query(insert, []), {
      withCommit: () => {
        throw new RangeError("mine");
      },
    });
    expect(await rejection(unknown)).toBeInstanceOf(RangeError);
    expect((await opened.database.userQuery("select now() = statement_timestamp() as alone", [])).rows).toEqual([{ alone: true }]);
    expect(await count()).toBe(4);
  });

  test("runs statements that are awaited together one after the other", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl);
    const warnings: string[] = [];
    const listen = (warning: Error): number => warnings.push(warning.message);
    process.on("warning", listen);
    const numbers = await opened.database.transaction((session) =>
      Promise.all([1, 2, 3].map((n) => session.userQuery<{ n: number }>("select $1::int as n", [n]))),
    );
    process.off("warning", listen);
    expect(numbers.map(({ rows }) => rows[0]?.n)).toEqual([1, 2, 3]);
    expect(warnings).toEqual([]);
  });

  test("includes a statement that was not awaited, and refuses one that comes after its end", async ({ databaseUrl, sql, schema }) => {
    const { insert, count } = await createTable(sql, schema);
    await using opened = await open(databaseUrl);
    let left: Session | undefined;
    await opened.database.transaction(async (session) => {
      left = session;
      void session.query(insert, []);
    });
    expect(await count()).toBe(1);
    expect(await rejection(left?.query(insert, []) ?? Promise.resolve())).toMatchObject({ code: "INVALID_ARGUMENT", path: "tx" });
    expect(await count()).toBe(1);
  });

  test.for([
    ["before the server had it", "frontend", 0],
    ["after the server had done it", "backend", 1],
  ] as const)("whose commit is lost %s ends as unknown", async ([, side, written], { databaseUrl, sql, schema }) => {
    const { insert, count } = await createTable(sql, schema);
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using opened = await open(proxy.through(databaseUrl));
    proxy.on(side, ({ bytes }) => (/commit\0$/i.test(bytes.toString("latin1")) ? "drop-connection-before" : "pass"));
    const error = await rejection(opened.database.transaction((session) => session.query(insert, [])));
    expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", eventIds: [], retryable: false, cause: { code: "CONNECTION", sent: true } });
    expect(await count()).toBe(written);
  });

  test("holds its connection alone", async ({ databaseUrl }) => {
    await using opened = await open(databaseUrl, { max: 2 });
    const held = gate();
    const pids: number[] = [];
    const holder = opened.database.transaction(async (session) => {
      pids.push(await pidOf(session));
      await held.opened;
      pids.push(await pidOf(session));
    });
    await eventually(() => expect(pids).toHaveLength(1));
    expect(pids).not.toContain(await pidOf(opened.database));
    held.open();
    await holder;
    expect(pids[0]).toBe(pids[1]);
  });
});

describe("a role with other defaults for its transactions", () => {
  const refuse = (schema: string): string => `
    create function ${schema}.write_one() returns text language plpgsql as $$
    begin
      if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'wrong isolation' using errcode = 'TM001';
      end if;
      insert into ${schema}.t values (1);
      return 'written';
    end $$`;

  test.for([["default_transaction_isolation=serializable"], ["default_transaction_read_only=on"]])(
    "%s gets transactions of its own from the first refusal on",
    async ([setting], { databaseUrl, sql, schema }) => {
      const { count } = await createTable(sql, schema);
      await sql.query(refuse(pg.escapeIdentifier(schema)));
      const write = { name: "write", text: `select ${pg.escapeIdentifier(schema)}.write_one() as result` };
      const url = new URL(databaseUrl);
      url.searchParams.set("options", `-c ${setting}`);
      await using proxy = await startProxy({ port: Number(url.port) });
      await using opened = await open(proxy.through(url.href), { max: 1 });
      expect(await opened.database.query(write, [])).toEqual([{ result: "written" }]);
      const sent: string[] = [];
      proxy.on("frontend", ({ name, bytes }) => {
        if (name === "Query") sent.push(bytes.subarray(5, -1).toString());
      });
      expect(await opened.database.query(write, [])).toEqual([{ result: "written" }]);
      expect(sent).toEqual([expect.stringMatching(/^begin isolation level read committed read write;/), "commit"]);
      expect(await count()).toBe(2);
      expect(opened.warnings).toEqual([expect.stringContaining("default_transaction_isolation")]);
    },
  );

  test("reports an error of the statement's own as it is, and commits nothing", async ({ databaseUrl, sql, schema }) => {
    const { insert, count, table } = await createTable(sql, schema);
    const url = new URL(databaseUrl);
    url.searchParams.set("options", "-c default_transaction_read_only=on");
    await using opened = await open(url.href);
    await opened.database.query(insert, []);
    const fail = { name: "fail", text: `with w as (insert into ${table} values (2) returning n) select (n / 0)::text as n from w` };
    expect(await rejection(opened.database.query(fail, []))).toMatchObject({ code: "DATABASE", sqlState: "22012" });
    expect(await count()).toBe(1);
  });
});

describe("a COMMIT of the user's own", () => {
  test("ends the transaction before the server has said so", async ({ databaseUrl, sql, schema }) => {
    const { insert, count } = await createTable(sql, schema);
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using opened = await open(proxy.through(databaseUrl));
    const said = gate();
    let late: unknown;
    const ended = opened.database.transaction(async (session) => {
      // The error arrives, and what says the state after it is still on its way.
      const stop = proxy.on("backend", async ({ name }) => {
        if (name === "ReadyForQuery") await said.opened;
      });
      await clientOf(session)
        .query("commit")
        .catch(() => {});
      const inserting = rejection(session.query(insert, []));
      stop();
      said.open();
      late = await inserting;
    });
    expect(await rejection(ended)).toMatchObject({ code: "TRANSACTION_ENDED" });
    expect(late).toMatchObject({ code: "TRANSACTION_ENDED" });
    expect(await count()).toBe(0);
  });

  test.for(["commit", "rollback"])("is noticed with a pg that does not tell the state of a transaction: %s", async (script, { databaseUrl, sql, schema }) => {
    const { insert, count } = await createTable(sql, schema);
    // As before pg 8.21.
    const OldClient = class extends pg.Client {};
    Object.defineProperty(OldClient.prototype, "getTransactionStatus", { value: undefined });
    const pool = new pg.Pool({ connectionString: databaseUrl, Client: OldClient });
    try {
      await using opened = await open(pool);
      const ended = opened.database.transaction(async (session) => {
        await session.userQuery(script, []).catch(() => {});
        expect(await rejection(session.query(insert, []))).toMatchObject({ code: "TRANSACTION_ENDED" });
      });
      expect(await rejection(ended)).toMatchObject({ code: "TRANSACTION_ENDED" });
      expect(await count()).toBe(0);
    } finally {
      await pool.end();
    }
  });
});
