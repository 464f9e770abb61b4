import { PGlite } from "@electric-sql/pglite";
import { sql as drizzleSql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { Kysely, PostgresDialect, sql as kyselySql } from "kysely";
import pg from "pg";
import { startProxy } from "@tidemark/servers";
import { type EventStore, fromDrizzle, fromKysely, openEventStore, OutcomeUnknownError } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, expect, failure, recordLogs, test as base, times } from "./test.ts";

const mine = new Error("mine");

const test = base
  .extend("audit", async ({ sql, q, store }) => {
    await store.query(`create table ${q}.audit (entry text)`);
    return async (): Promise<string[]> => (await sql.query(`select entry from ${q}.audit order by entry`)).rows.map(({ entry }) => entry);
  })
  .extend("pool", async ({ databaseUrl }, { onCleanup }) => {
    const pool = new pg.Pool({ connectionString: databaseUrl });
    onCleanup(() => pool.end());
    return pool;
  });

async function versionOf(store: EventStore): Promise<number> {
  return (await store.streamInfo("cart-1")).version;
}

describe("a transaction of the user's own", () => {
  test("commits and rolls back events and rows together on a pg client", async ({ store, client, audit, q }) => {
    for (const end of ["rollback", "commit"]) {
      await client.query("begin");
      const tx = store.withTransaction(client);
      expect((await tx.appendToStream("cart-1", [itemAdded()], { expectedVersion: "no-stream" })).version).toBe(1);
      await tx.query(`insert into ${q}.audit values ($1)`, [end]);
      expect(await tx.readStream("cart-1").toArray()).toHaveLength(1);
      expect(await versionOf(store)).toBe(0);
      await client.query(end);
    }
    expect([await versionOf(store), await audit()]).toEqual([1, ["commit"]]);
  });

  test("is refused where there is none: outside BEGIN, after COMMIT, on a pool, on nothing", async ({ store, client, pool }) => {
    const outside = store.withTransaction(client);
    expect(await failure(() => outside.appendToStream("cart-1", [itemAdded()]))).toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("not inside a transaction"),
    });
    await client.query("begin");
    const tx = store.withTransaction(client);
    await tx.appendToStream("cart-1", [itemAdded()]);
    await client.query("commit");
    expect(await failure(() => tx.appendToStream("cart-1", [itemAdded()]))).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await failure(() => store.withTransaction(pool))).toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining("is a pool") });
    for (const nothing of [undefined, null, 1, {}]) {
      expect(await failure(() => Reflect.apply(store.withTransaction, store, [nothing]))).toMatchObject({ code: "INVALID_ARGUMENT" });
    }
    expect(await versionOf(store)).toBe(1);
  });

  test("says that it failed before, instead of what PostgreSQL says then", async ({ store, client }) => {
    await client.query("begin");
    await failure(() => client.query("select 1/0"));
    expect(await failure(() => store.withTransaction(client).appendToStream("cart-1", [itemAdded()]))).toMatchObject({ code: "DATABASE", sqlState: "25P02" });
    await client.query("rollback");
  });

  test("of Drizzle commits and rolls back its rows and the events together", async ({ store, pool, audit, q }) => {
    const db = drizzle({ client: pool });
    const write = (fail: boolean): Promise<void> =>
      db.transaction(async (tx) => {
        await tx.execute(drizzleSql.raw(`insert into ${q}.audit values ('drizzle')`));
        await store.withTransaction(fromDrizzle(tx)).appendToStream("cart-1", [itemAdded()]);
        if (fail) throw mine;
      });
    expect(await failure(() => write(true))).toBe(mine);
    expect([await versionOf(store), await audit()]).toEqual([0, []]);
    await write(false);
    expect([await versionOf(store), await audit()]).toEqual([1, ["drizzle"]]);
  });

  test("of Kysely commits and rolls back its rows and the events together", async ({ store, databaseUrl, audit, q }) => {
    const db = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: databaseUrl }) }) });
    const write = (fail: boolean): Promise<void> =>
      db.transaction().execute(async (trx) => {
        await kyselySql`insert into ${kyselySql.raw(q)}.audit values ('kysely')`.execute(trx);
        await store.withTransaction(fromKysely(trx)).appendToStream("cart-1", [itemAdded()]);
        if (fail) throw mine;
      });
    expect(await failure(() => write(true))).toBe(mine);
    expect([await versionOf(store), await audit()]).toEqual([0, []]);
    await write(false);
    expect([await versionOf(store), await audit()]).toEqual([1, ["kysely"]]);
    await db.destroy();
  });

  test("of a PGlite, and an embedded store used inside its own transaction says so instead of waiting for ever", async () => {
    const pglite = await PGlite.create();
    const store = await openEventStore({ pool: pglite });
    await failure(() =>
      pglite.transaction(async (tx) => {
        await store.withTransaction(tx).appendToStream("cart-1", [itemAdded()]);
        throw mine;
      }),
    );
    expect(await versionOf(store)).toBe(0);
    await pglite.transaction((tx) => store.withTransaction(tx).appendToStream("cart-1", [itemAdded()]));
    expect(await versionOf(store)).toBe(1);
    const calls = [() => store.appendToStream("cart-1", [itemAdded()]), () => versionOf(store), () => store.transaction(async () => {})];
    await store.transaction(async (tx) => {
      for (const call of calls) {
        expect(await failure(call)).toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining("Use `tx` there") });
      }
      await tx.appendToStream("cart-1", [itemAdded()]);
    });
    expect(await versionOf(store)).toBe(2);
    await store.close();
    await pglite.close();
  });

  test("of a PGlite refuses the stores on that PGlite, which would wait for it for ever", async () => {
    const pglite = await PGlite.create();
    const store = await openEventStore({ pool: pglite });
    const other = await openEventStore({ pool: pglite, schema: "other" });
    const refused = { code: "INVALID_ARGUMENT", path: "store", message: expect.stringContaining("store.withTransaction(tx)") };
    const calls = (from: EventStore): (() => Promise<unknown>)[] => [
      () => from.appendToStream("cart-1", [itemAdded()]),
      () => versionOf(from),
      () => from.query("select 1"),
      () => from.transaction(async () => {}),
      () => from.highWaterMark(),
    ];
    await pglite.transaction(async () => {
      for (const call of [...calls(store), ...calls(other)]) expect(await failure(call)).toMatchObject(refused);
    });
    await store.transaction(async () => {
      for (const call of calls(other)) expect(await failure(call)).toMatchObject(refused);
    });
    for (const call of [...calls(store), ...calls(other)]) await call();
    await other.close();
    await store.close();
    await pglite.close();
  });

  test("of a PGlite that has it to itself by runExclusive refuses the stores on it too", async () => {
    await using pglite = await PGlite.create();
    await using store = await openEventStore({ pool: pglite });
    const calls = [() => store.appendToStream("cart-1", [itemAdded()]), () => versionOf(store), () => store.transaction(async () => {})];
    await pglite.runExclusive(async () => {
      for (const call of calls) expect(await failure(call)).toMatchObject({ code: "INVALID_ARGUMENT", path: "store" });
    });
    for (const call of calls) await call();
    expect(await versionOf(store)).toBe(1);
  });

  test("that was begun with SQL on a PGlite takes in no call of a store's", async () => {
    await using pglite = await PGlite.create();
    await using store = await openEventStore({ pool: pglite });
    const refused = { code: "DATABASE", sqlState: "25001", retryable: true, message: expect.stringContaining("store.withTransaction(tx)") };
    const calls = [
      () => store.appendToStream("cart-1", [itemAdded()]),
      () => versionOf(store),
      () => store.query("select 1"),
      () => store.transaction(async (tx) => void (await tx.appendToStream("cart-1", [itemAdded()]))),
      () => openEventStore({ pool: pglite, schema: "other" }),
    ];
    await pglite.exec("begin; create table mine (n int)");
    for (const call of calls) expect(await failure(call)).toMatchObject(refused);
    await pglite.exec("insert into mine values (1); commit");
    // Where its turn comes behind a BEGIN that was not awaited, too.
    const behind = [pglite.exec("begin"), failure(() => store.appendToStream("cart-1", [itemAdded()]))] as const;
    expect(await behind[1]).toMatchObject(refused);
    await pglite.exec("select 1/0").catch(() => {});
    expect(await failure(() => versionOf(store))).toMatchObject(refused);
    await pglite.exec("rollback");
    expect(await versionOf(store)).toBe(0);
    await store.transaction(async (tx) => {
      await tx.appendToStream("cart-1", [itemAdded()]);
      void pglite.exec("begin; insert into mine values (2); commit");
    });
    expect((await pglite.query("select n from mine")).rows).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await failure(() => store.query("begin"))).toMatchObject({ code: "INVALID_ARGUMENT", path: "query" });
    expect(await versionOf(store)).toBe(1);
  });

  test("that was begun with SQL on a PGlite shows a subscription nothing that may be rolled back", async () => {
    await using pglite = await PGlite.create();
    await using store = await openEventStore({ pool: pglite, logger: recordLogs().logger });
    const subscription = store.subscribe()[Symbol.asyncIterator]();
    await pglite.exec("begin");
    const first = subscription.next();
    await pglite.exec("rollback");
    await store.appendToStream("cart-1", [itemAdded()]);
    expect((await first).value).toMatchObject({ streamId: "cart-1" });
    await subscription.return?.();
  });

  test("under REPEATABLE READ reads its snapshot, and is told what it cannot know", async ({ store, client }) => {
    await store.appendToStream("cart-1", [itemAdded()]);
    await client.query("begin isolation level repeatable read");
    const tx = store.withTransaction(client);
    expect(await tx.readStream("cart-1").toArray()).toHaveLength(1);
    await store.appendToStream("cart-1", [itemAdded()]);
    expect(await tx.readAll().toArray()).toHaveLength(1);
    expect(await tx.readStream("cart-1").toArray()).toHaveLength(1);
    expect(await failure(() => tx.appendToStream("cart-1", [itemAdded()]))).toMatchObject({ code: "SERIALIZATION_FAILURE", retryable: true });
    await client.query("rollback");
    expect(await versionOf(store)).toBe(2);
  });
});

describe("store.transaction", () => {
  test("returns what the callback returned, and passes its error through with nothing written", async ({ store, audit, q }) => {
    expect(await store.transaction(async (tx) => (await tx.appendToStream("cart-1", [itemAdded()])).version)).toBe(1);
    for (const thrown of [mine, "text", undefined]) {
      const rolledBack = store.transaction(async (tx) => {
        await tx.query(`insert into ${q}.audit values ('x')`);
        await tx.appendToStream("cart-1", [itemAdded()]);
        // oxlint-disable-next-line only-throw-error -- callbacks throw anything
        throw thrown;
      });
      expect(await failure(() => rolledBack)).toBe(thrown);
    }
    expect([await versionOf(store), await audit()]).toEqual([1, []]);
  });

  test("takes calls at the same time, which run one after the other", async ({ store }) => {
    const results = await store.transaction((tx) =>
      Promise.all(times(20, (n) => (n % 2 === 0 ? tx.appendToStream("cart-1", [itemAdded()]) : tx.streamInfo("cart-1")))),
    );
    expect(results.map(({ version }) => version)).toEqual(times(20, (n) => Math.floor(n / 2) + 1));
    expect(await versionOf(store)).toBe(10);
  });

  test("refuses a tx that is used after its end", async ({ store }) => {
    const tx = await store.transaction(async (inner) => inner);
    for (const call of [() => tx.appendToStream("cart-1", [itemAdded()]), () => tx.readAll().toArray(), () => tx.query("select 1")]) {
      expect(await failure(call)).toMatchObject({ code: "INVALID_ARGUMENT", path: "tx" });
    }
    expect(await versionOf(store)).toBe(0);
  });

  test("fails where PostgreSQL turned the commit into a rollback", async ({ store }) => {
    const swallowed = store.transaction(async (tx) => {
      await tx.appendToStream("cart-1", [itemAdded()]);
      await tx.query("select 1/0").catch(() => {});
    });
    expect(await failure(() => swallowed)).toMatchObject({ code: "DATABASE", sqlState: "25P02" });
    expect(await versionOf(store)).toBe(0);
  });

  test("lets the server end it when it sits idle, and is READ COMMITTED", async ({ store }) => {
    const settings = await store.transaction(async (tx) => {
      const { rows } = await tx.query(
        "select current_setting('idle_in_transaction_session_timeout') as idle, current_setting('transaction_isolation') as isolation",
      );
      return rows[0];
    });
    expect(settings).toEqual({ idle: "1min", isolation: "read committed" });
    expect((await store.query("select current_setting('idle_in_transaction_session_timeout') as idle")).rows).toEqual([{ idle: "0" }]);
  });

  test("says that its outcome is unknown where the answer to COMMIT was lost", async ({ databaseUrl, schema, store }) => {
    await store.appendToStream("cart-0", [itemAdded()]);
    await using proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
    await using through = await openEventStore(proxy.through(databaseUrl), { schema });
    proxy.on("backend", ({ name, bytes }) => (name === "CommandComplete" && bytes.includes("COMMIT") ? "drop-connection-before" : "pass"));
    const error = await failure(() => through.transaction(async (tx) => void (await tx.appendToStream("cart-1", [itemAdded()]))));
    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN", eventIds: [], retryable: false });
    // It had committed: this is why nobody may guess.
    expect(await versionOf(store)).toBe(1);
  });
});
