import { PGlite } from "@electric-sql/pglite";
import { sql as drizzleSql } from "drizzle-orm";
import { drizzle as drizzleOnPg } from "drizzle-orm/node-postgres";
import { drizzle as drizzleOnPGlite } from "drizzle-orm/pglite";
import { CamelCasePlugin, Kysely, PostgresDialect, sql as kyselySql } from "kysely";
import pg from "pg";
import { fromDrizzle } from "../../src/database/adapters/drizzle.ts";
import { fromKysely } from "../../src/database/adapters/kysely.ts";
import type { Session } from "../../src/database/database.ts";
import { openPGliteDatabase } from "../../src/database/pglite.ts";
import { joinTransaction, type TransactionClient } from "../../src/database/transaction-client.ts";
import { defineProjection, openEventStore } from "../../src/index.ts";
import { describe, expect, test } from "../support/test.ts";
import { awkwardRows, unfitting } from "./adapters/awkward-rows.ts";
import { instanceOf, recordWarnings, rejection } from "./open.ts";

const join = (client: TransactionClient): Session => joinTransaction(client, { queryTimeoutMs: 30_000, logger: recordWarnings().logger });
const name = 'we"ird';
const table = `${pg.escapeIdentifier(name)}.t`;
const create = `create schema ${pg.escapeIdentifier(name)}; create table ${table} (written_by text)`;
const insert = { name: "insert", text: `insert into ${table} values ($1) returning written_by, 7::text as a_number` };
const mine = new Error("mine");

interface Orm {
  /** Writes one row by the ORM and one by the store's session in one transaction, then fails or not. */
  write(fail: boolean): Promise<void>;
  written(): Promise<string[]>;
}

async function through(session: Session): Promise<void> {
  expect(await session.query(insert, ["store"])).toEqual([{ written_by: "store", a_number: "7" }]);
  expect(await session.userQuery(`select count(*)::int as n from ${table}`, [])).toEqual({ rows: [{ n: 2 }], rowCount: 1 });
}

function onDrizzle(db: ReturnType<typeof drizzleOnPg> | ReturnType<typeof drizzleOnPGlite>): Orm {
  const start = db.transaction.bind(db) as (work: (tx: { execute(query: unknown): unknown }) => Promise<void>) => Promise<void>;
  return {
    write: (fail) =>
      start(async (tx) => {
        await tx.execute(drizzleSql.raw(`insert into ${table} values ('orm')`));
        await through(join(fromDrizzle(tx)));
        if (fail) throw mine;
      }),
    written: async () => {
      const { rows } = await db.execute(drizzleSql.raw(`select written_by from ${table} order by 1`));
      return rows.map((row) => String(Reflect.get(row, "written_by")));
    },
  };
}

function onKysely(db: Kysely<Record<string, never>>): Orm {
  return {
    write: (fail) =>
      db.transaction().execute(async (trx) => {
        await kyselySql`insert into ${kyselySql.raw(table)} values ('orm')`.execute(trx);
        await through(join(fromKysely(trx)));
        if (fail) throw mine;
      }),
    written: async () =>
      (await kyselySql<{ writtenBy: string }>`select written_by from ${kyselySql.raw(table)} order by 1`.execute(db)).rows.map((row) => row.writtenBy),
  };
}

async function commitsAndRollsBackTogether({ write, written }: Orm): Promise<void> {
  expect(await rejection(write(true))).toBe(mine);
  expect(await written()).toEqual([]);
  await write(false);
  expect(await written()).toEqual(["orm", "store"]);
}

describe("fromDrizzle", () => {
  test("joins a node-postgres transaction: both commit or neither", async ({ sql }) => {
    await sql.query(create);
    await commitsAndRollsBackTogether(onDrizzle(drizzleOnPg({ client: sql })));
    await sql.query(`drop schema ${pg.escapeIdentifier(name)} cascade`);
  });

  test("joins a PGlite transaction: both commit or neither", async () => {
    await using opened = await openMemory();
    await opened.instance.exec(create);
    await commitsAndRollsBackTogether(onDrizzle(drizzleOnPGlite({ client: opened.instance })));
  });

  test("refuses the database itself, and what is not Drizzle's", async ({ sql, databaseUrl }) => {
    expect(() => fromDrizzle(drizzleOnPg({ client: sql }))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining("database itself") }),
    );
    expect(() => fromDrizzle({ execute: () => {} })).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", path: "tx" }));
    await using opened = await openMemory();
    expect(() => fromDrizzle(drizzleOnPGlite({ client: opened.instance }))).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    const client = new pg.Client(databaseUrl);
    await client.connect();
    expect(await rejection(join(fromDrizzle(drizzleOnPg({ client }))).query(insert, ["x"]))).toMatchObject({ code: "INVALID_ARGUMENT", path: "client" });
    await client.end();
  });
});

describe("fromKysely", () => {
  test("joins a transaction, past plugins that rename columns: both commit or neither", async ({ sql, databaseUrl }) => {
    await sql.query(create);
    const db = new Kysely<Record<string, never>>({
      dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: databaseUrl }) }),
      plugins: [new CamelCasePlugin()],
    });
    await commitsAndRollsBackTogether(onKysely(db));
    await db.destroy();
    await sql.query(`drop schema ${pg.escapeIdentifier(name)} cascade`);
  });

  test("refuses the database itself, and a transaction that has ended", async ({ databaseUrl }) => {
    const pool = new pg.Pool({ connectionString: databaseUrl });
    const db = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool }) });
    expect(() => fromKysely(db)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", path: "trx" }));
    const controlled = await db.startTransaction().execute();
    const session = join(fromKysely(controlled));
    expect(await session.userQuery("select 1 as one", [])).toEqual({ rows: [{ one: 1 }], rowCount: 1 });
    await controlled.commit().execute();
    expect(await rejection(session.userQuery("select 1 as one", []))).toMatchObject({ code: "INVALID_ARGUMENT" });
    const ended = await db.transaction().execute(async (trx) => join(fromKysely(trx)));
    expect(await rejection(ended.userQuery("select 1 as one", []))).toMatchObject({ code: "INVALID_ARGUMENT" });
    await db.destroy();
  });

  test("maps the server's errors, which Kysely passes through", async ({ databaseUrl }) => {
    const pool = new pg.Pool({ connectionString: databaseUrl });
    const db = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool }) });
    const failing = db.transaction().execute((trx) => join(fromKysely(trx)).userQuery("select 1/0", []));
    expect(await rejection(failing)).toMatchObject({ code: "DATABASE", sqlState: "22012" });
    await db.destroy();
  });
});

async function openMemory(): Promise<{ readonly instance: PGlite } & AsyncDisposable> {
  const database = await openPGliteDatabase({ source: undefined, queryTimeoutMs: 30_000 });
  return { instance: instanceOf(database), [Symbol.asyncDispose]: () => database.close() };
}

describe("a handler's rows", () => {
  test("are those of pg through Kysely, whatever its pool and its plugins make of rows", async ({ sql, databaseUrl }) => {
    await sql.query("create type public.mood as enum ('fine'); create domain public.cents as int4 check (value > 0)");
    // 25 is text.
    const own = (type: number) => (text: string) => (type === 25 ? text : `its own ${text}`);
    const pool = new pg.Pool({ connectionString: databaseUrl, types: { getTypeParser: own } });
    await using db = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool }), plugins: [new CamelCasePlugin()] });
    await db.transaction().execute(async (trx) => {
      const session = join(fromKysely(trx));
      for (const { text, values = [] } of awkwardRows) {
        const { rows, rowCount } = await sql.query(text, [...values]);
        expect(await session.handlerQuery(text, values), text).toStrictEqual({ rows: rows.map((row) => ({ ...row })), rowCount });
      }
      for (const text of unfitting) expect(await rejection(session.handlerQuery(text, [])), text).toMatchObject({ code: "INVALID_ARGUMENT", path: "text" });
    });
  });

  test("are those of PGlite where the store is on one, through any client", async () => {
    const seen: unknown[] = [];
    const rows = defineProjection({
      name: "rows",
      mode: "inline",
      handles: ["A"],
      handle: async (_, tx) => {
        seen.push((await tx.query("select 1::int8 as big_one, 'x'::bytea as raw_bytes")).rows);
      },
    });
    const instance = new PGlite();
    const store = await openEventStore({ pool: instance, projections: [rows] });
    await store.appendToStream("s", [{ type: "A", data: {} }]);
    await instance.transaction(async (tx) => {
      const view = { query: (text: string, values: unknown[]) => tx.query(text, values) };
      await store.withTransaction(view).appendToStream("s", [{ type: "A", data: {} }]);
    });
    await store.close();
    await instance.close();
    expect(seen).toHaveLength(2);
    expect(seen[1]).toStrictEqual(seen[0]);
  });
});
