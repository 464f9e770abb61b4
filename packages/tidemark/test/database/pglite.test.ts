import { PGlite } from "@electric-sql/pglite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database, Session } from "../../src/database/database.ts";
import { openPGliteDatabase } from "../../src/database/pglite.ts";
import { joinTransaction } from "../../src/database/transaction-client.ts";
import { describe, expect, test as base } from "../support/test.ts";
import { gate, instanceOf, recordWarnings, rejection } from "./open.ts";

const test = base
  .extend("database", { scope: "file" }, async ({}, { onCleanup }): Promise<Database> => {
    const database = await openPGliteDatabase({ source: undefined, queryTimeoutMs: 30_000 });
    onCleanup(() => database.close());
    return database;
  })
  .extend("folder", async ({}, { onCleanup }) => {
    const folder = mkdtempSync(join(tmpdir(), "tidemark-pglite-"));
    onCleanup(() => rmSync(folder, { recursive: true, force: true }));
    return join(folder, "store");
  });

const echo = { name: "echo", text: "select $1::text as a, $2::int8::text as n, $3::boolean::text as b, $4::text as nothing" };

describe("an embedded database", () => {
  test("sends values and reads text as a server does", async ({ database }) => {
    expect(await database.query(echo, ["x", "9007199254740993", true, null])).toEqual([{ a: "x", n: "9007199254740993", b: "true", nothing: null }]);
    expect(await database.query({ name: "arrays", text: "select n::text from unnest($1::int8[]) n" }, ["{1,2}"])).toEqual([{ n: "1" }, { n: "2" }]);
    expect(database).toMatchObject({ driver: "pglite", connections: 1, pool: expect.any(PGlite) });
  });

  test("gives the user's queries the driver's own types", async ({ database }) => {
    expect(await database.userQuery("select $1::int as n", [5])).toEqual({ rows: [{ n: 5 }], rowCount: 1 });
  });

  test("tells errors as a server does", async ({ database }) => {
    expect(await rejection(database.userQuery("select 1/0", []))).toMatchObject({ code: "DATABASE", sqlState: "22012" });
  });

  test("runs calls that are made together one after the other", async ({ database }) => {
    const calls = ["a", "b", "c"].map((a) => database.query({ name: "a", text: "select $1::text as a" }, [a]));
    expect(await Promise.all(calls)).toEqual([[{ a: "a" }], [{ a: "b" }], [{ a: "c" }]]);
  });
});

describe("its transaction", () => {
  test("commits, or rolls back and passes the error through", async ({ database }) => {
    await database.userQuery("create table public.t (n int)", []);
    const insert = (session: Session) => session.query({ name: "insert", text: "insert into public.t values (1)" }, []);
    const mine = new Error("mine");
    expect(
      await rejection(
        database.transaction(async (session) => {
          await insert(session);
          throw mine;
        }),
      ),
    ).toBe(mine);
    expect((await database.userQuery("select * from public.t", [])).rows).toEqual([]);
    await database.transaction(insert);
    expect((await database.userQuery("select * from public.t", [])).rows).toEqual([{ n: 1 }]);
  });

  test("fails when a statement in it failed, although the callback looked away", async ({ database }) => {
    const failing = database.transaction(async (session) => {
      await session.userQuery("select 1/0", []).catch(() => {});
    });
    expect(await rejection(failing)).toMatchObject({ code: "DATABASE", sqlState: "25P02" });
  });

  test("reports what only the commit finds", async ({ database }) => {
    await database.userQuery("create table public.later (n int constraint later_n_key unique deferrable initially deferred)", []);
    const failing = database.transaction((session) => session.execute("insert into public.later values (1), (1)"));
    expect(await rejection(failing)).toMatchObject({ code: "DATABASE", sqlState: "23505", constraint: "later_n_key" });
  });

  test("refuses a query or a transaction of the database's from inside, which would wait for ever", async ({ database }) => {
    await database.transaction(async () => {
      const refused = { code: "INVALID_ARGUMENT", message: expect.stringContaining("Use `tx`") };
      expect(await rejection(database.query(echo, ["x", 1, true, null]))).toMatchObject(refused);
      expect(await rejection(database.userQuery("select 1", []))).toMatchObject(refused);
      expect(await rejection(database.transaction(async () => {}))).toMatchObject(refused);
    });
  });

  test("lets in what only began inside it, once it has ended", async ({ database }) => {
    const ended = gate();
    let later: Promise<unknown> | undefined;
    await database.transaction(async () => {
      later = ended.opened.then(() => database.userQuery("select 1 as one", []));
    });
    ended.open();
    expect(await later).toMatchObject({ rows: [{ one: 1 }] });
  });

  test("makes others wait, for at most their time, and a signal ends the wait with nothing sent", async ({ database }) => {
    await database.userQuery("create table public.waited (n int)", []);
    const held = gate();
    const inside = gate();
    const holder = database.transaction(async () => {
      inside.open();
      await held.opened;
    });
    await inside.opened;
    const insert = { name: "insert", text: "insert into public.waited values (1)" };
    expect(await rejection(database.query(insert, [], { timeoutMs: 20 }))).toMatchObject({ code: "POOL_TIMEOUT", waitedMs: 20, max: 1 });
    const controller = new AbortController();
    const aborted = rejection(database.query(insert, [], { signal: controller.signal }));
    controller.abort("gone");
    expect(await aborted).toBe("gone");
    held.open();
    await holder;
    expect((await database.userQuery("select * from public.waited", [])).rows).toEqual([]);
  });

  test("is over for its session when it has ended", async ({ database }) => {
    const left = await database.transaction(async (session) => session);
    expect(await rejection(left.userQuery("select 1", []))).toMatchObject({ code: "INVALID_ARGUMENT", path: "tx" });
  });
});

describe("a PGlite of the user's own", () => {
  test("is used with its own parsers for its own queries only, and never closed", async ({ database: owner }) => {
    const instance = await instanceOf(owner).clone();
    Object.assign(Reflect.get(instance, "parsers"), { 25: () => "mine" });
    const database = await openPGliteDatabase({ source: instance, queryTimeoutMs: 30_000 });
    expect(await database.query({ name: "a", text: "select 'a'::text as a" }, [])).toEqual([{ a: "a" }]);
    expect((await database.userQuery("select 'a'::text as a", [])).rows).toEqual([{ a: "mine" }]);
    await database.close();
    expect(await rejection(database.query(echo, []))).toMatchObject({ code: "STORE_CLOSED" });
    expect((await instance.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    await instance.close();
  });

  test("must be one", async () => {
    const source = { waitReady: Promise.resolve(), query: () => {}, exec: () => {} };
    expect(await rejection(openPGliteDatabase({ source, queryTimeoutMs: 30_000 }))).toMatchObject({ code: "INVALID_ARGUMENT", path: "pool" });
  });

  test("lends its transactions to the store", async ({ database: owner }) => {
    const joined = (client: Parameters<typeof joinTransaction>[0]) => joinTransaction(client, { queryTimeoutMs: 0, logger: recordWarnings().logger });
    const instance = instanceOf(owner);
    const left = await instance.transaction(async (tx) => {
      const session = joined(tx);
      expect(await session.query({ name: "a", text: "select 1::text as a" }, [])).toEqual([{ a: "1" }]);
      return session;
    });
    expect(await rejection(left.userQuery("select 1", []))).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(() => joined(instance)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  test("whose user holds a transaction open leaves a call with an unknown outcome", async ({ database: owner }) => {
    const instance = instanceOf(owner);
    const database = await openPGliteDatabase({ source: instance, queryTimeoutMs: 20 });
    const held = gate();
    const holder = instance.transaction(() => held.opened);
    expect(await rejection(database.query({ name: "a", text: "select 1::text as a" }, []))).toMatchObject({ code: "CONNECTION", sent: true });
    held.open();
    await holder;
  });
});

describe("a folder", () => {
  test("keeps its events, is locked while it is open, and may be opened again", async ({ folder }) => {
    const first = await openPGliteDatabase({ source: folder, queryTimeoutMs: 30_000 });
    await first.userQuery("create table public.kept (n int)", []);
    expect(await rejection(openPGliteDatabase({ source: folder, queryTimeoutMs: 30_000 }))).toMatchObject({ code: "STORE_LOCKED", pid: process.pid });
    await first.close();
    const second = await openPGliteDatabase({ source: folder, queryTimeoutMs: 30_000 });
    expect((await second.userQuery("select * from public.kept", [])).rows).toEqual([]);
    await second.close();
  });
});
