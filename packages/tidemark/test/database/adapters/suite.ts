import pg from "pg";
import { defineProjection, documentProjection, type Event, type EventStore } from "../../../src/index.ts";
import { describe, expect, test as base } from "../../support/test.ts";
import { rejection } from "../open.ts";
import { awkwardRows, changes, unfitting } from "./awkward-rows.ts";
import type { Orm } from "./orm.ts";

const mine = new Error("mine");
const counter = documentProjection<{ readonly n: number }>({
  name: "counter",
  mode: "inline",
  collection: "counter",
  handles: ["Counted"],
  documentId: ({ streamId }) => streamId,
  evolve: (document, { data }) => {
    if (data === "boom") throw mine;
    return { n: (document?.n ?? 0) + 1 };
  },
});
const event = { type: "A", data: {} };
const id = "0198c0de-0000-7000-8000-000000000001";

/** What a driver or an ORM could take for something else than text. */
const awkward = {
  text: `? $1 ?? \\ ' " {a,b} \u2028 🍵 :x null`,
  snake_case: { key_a: [null, true, "[1]", '{"a":1}', "2026-11-20T10:00:00Z"] },
  most: Number.MAX_SAFE_INTEGER,
  least: 5e-324,
};

function withOrm(open: (url: string) => Promise<Orm>) {
  return base
    .extend("orm", { scope: "file" }, async ({ databaseUrl, sql }, { onCleanup }) => {
      await sql.query("create table public.audit (id serial primary key, entry text not null)");
      const orm = await open(databaseUrl);
      onCleanup(async () => {
        await orm.close();
      });
      return orm;
    })
    .extend("audited", async ({ sql, orm }) => {
      // The table is there once the ORM is.
      void orm;
      await sql.query("truncate public.audit");
      return async () => (await sql.query("select entry from public.audit order by entry")).rows.map(({ entry }) => entry);
    });
}

type AdapterTest = ReturnType<typeof withOrm>;

/** What every adapter promises, on a real server, with the ORM itself. Called once in a test file. */
export function testAdapter(name: string, open: (url: string) => Promise<Orm>): AdapterTest {
  const test = withOrm(open);
  describe(name, () => {
    test("its rows and the store's events commit together, or neither does", async ({ orm, store, audited }) => {
      const write = (fail: boolean): Promise<unknown> =>
        orm.transaction(async ({ client, insert }) => {
          await insert("one");
          const joined = store.withTransaction(client);
          expect(await joined.appendToStream("cart-1", [event, event], { expectedVersion: "no-stream" })).toMatchObject({ version: 2, created: true });
          await insert("two");
          if (fail) throw mine;
        });
      expect(await rejection(write(true))).toBe(mine);
      expect([await audited(), await store.streamInfo("cart-1")]).toMatchObject([[], { exists: false }]);
      await write(false);
      expect([await audited(), await store.streamInfo("cart-1")]).toMatchObject([["one", "two"], { version: 2 }]);
    });

    test("a conflict leaves the transaction usable", async ({ orm, store, audited }) => {
      await store.appendToStream("cart-1", [event]);
      await orm.transaction(async ({ client, insert }) => {
        const joined = store.withTransaction(client);
        expect(await rejection(joined.appendToStream("cart-1", [event], { expectedVersion: 7 }))).toMatchObject({ code: "VERSION_CONFLICT", actual: 1 });
        await insert("one");
        await joined.appendToStream("cart-1", [event], { expectedVersion: 1 });
      });
      expect([await audited(), await store.streamInfo("cart-1")]).toMatchObject([["one"], { version: 2 }]);
    });

    test("is refused outside a transaction, and after its end", async ({ orm, store }) => {
      expect(() => orm.adaptItself()).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
      let late: EventStore | Pick<EventStore, "appendToStream"> = store;
      await orm.transaction(async ({ client }) => {
        late = store.withTransaction(client);
        await late.appendToStream("cart-2", [event]);
      });
      expect(await rejection(late.appendToStream("cart-1", [event]))).toMatchObject({ code: "INVALID_ARGUMENT" });
      expect(await store.streamInfo("cart-1")).toMatchObject({ exists: false });
    });

    test("appends that write documents leave their neighbours alone, and are refused after the end", async ({ orm, openStore }) => {
      const store = await openStore({ projections: [counter] });
      let late: Pick<EventStore, "appendToStream"> = store;
      await orm.transaction(async ({ client }) => {
        const views = [store.withTransaction(client), store.withTransaction(client)];
        const outcomes = await Promise.allSettled(
          views.flatMap((view, n) => [
            view.appendToStream(`s-${n}`, [{ type: "Counted", data: "" }]),
            view.appendToStream("s-9", [{ type: "Counted", data: "boom" }]),
          ]),
        );
        expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "rejected"]);
        late = store.withTransaction(client);
        await late.appendToStream("s-1", [{ type: "Counted", data: "" }]);
      });
      expect(await rejection(late.appendToStream("s-1", [{ type: "Counted", data: "" }]))).toMatchObject({ code: "INVALID_ARGUMENT" });
      const found = await Promise.all(["s-0", "s-1", "s-9"].map(async (id) => [(await store.streamInfo(id)).version, await store.documents(counter).get(id)]));
      expect(found).toMatchObject([
        [1, { n: 1 }],
        [2, { n: 2 }],
        [0, undefined],
      ]);
    });

    test("an inline handler gets the rows that pg gives, over every client", async ({ orm, openStore, sql }) => {
      await sql.query("create type public.mood as enum ('fine'); create domain public.cents as int4 check (value > 0)");
      await sql.query("create table public.line_items (line_id int primary key, line_text text)");
      const seen: unknown[] = [];
      const rows = defineProjection<Event<"Asked", { readonly text: string; readonly values: readonly unknown[] }>, "Asked">({
        name: "rows",
        mode: "inline",
        handles: ["Asked"],
        handle: async ({ data }, tx) => {
          const found = await tx.query(data.text, data.values);
          seen.push({ rows: found.rows, rowCount: found.rowCount });
        },
      });
      const store = await openStore({ projections: [rows] });
      const ask = (text: string, values: readonly unknown[] = []): Promise<unknown> =>
        orm.transaction(async ({ client }) => {
          await store.withTransaction(client).appendToStream("s", [{ type: "Asked", data: { text, values } }]);
        });
      for (const { text, values = [] } of [...awkwardRows, ...changes]) {
        // First in a transaction that is rolled back, for what the statement changes.
        const plain = await sql.connect();
        await plain.query("begin");
        const expected = await plain.query<Record<string, unknown>>(text, [...values]);
        await plain.query("rollback");
        plain.release();
        await ask(text, [...values]);
        expect(seen.pop(), text).toStrictEqual({ rows: expected.rows.map((row) => ({ ...row })), rowCount: expected.rowCount });
      }
      for (const text of unfitting) {
        if (orm.likePg) {
          await ask(text);
          expect(seen.pop(), text).toMatchObject({ rows: (await sql.query(text)).rows });
          continue;
        }
        const before = await store.streamInfo("s");
        expect(await rejection(ask(text)), text).toMatchObject({ code: "PROJECTION_FAILED", cause: { code: "INVALID_ARGUMENT", path: "text" } });
        expect(await store.streamInfo("s")).toEqual(before);
      }
      expect(seen).toEqual([]);
    });

    test("what is written comes back as it was, by every way of reading", async ({ orm, store, sql, schema }) => {
      // Positions beyond 32 bits.
      await sql.query(`alter sequence ${pg.escapeIdentifier(schema)}.events_position_seq restart with 9007199254740001`);
      await orm.transaction(async ({ client }) => {
        const joined = store.withTransaction(client);
        const results = await joined.appendToStreams([
          { streamId: 'cart-"?$1', events: [{ type: "A ?", data: awkward, metadata: { actorId: "?", ...awkward }, tags: ["t ?", "u"], id }] },
          { streamId: "cart-2", events: [{ type: "B", data: null }], expectedVersion: 0 },
        ]);
        expect(new Set(results.map(({ position }) => position))).toEqual(new Set([9007199254740001, 9007199254740002]));
        const [read] = await joined.readStream('cart-"?$1').toArray();
        expect(read).toMatchObject({
          type: "A ?",
          data: awkward,
          metadata: { actorId: "?", ...awkward },
          tags: ["t ?", "u"],
          id,
          schemaVersion: 1,
          version: 1,
        });
        expect(read?.recordedAt.getTime()).toBeGreaterThan(Date.parse("2026-01-01"));
        expect(await joined.eventById(id)).toEqual(read);
        expect(await joined.streamInfo("cart-2")).toMatchObject({ version: 1, exists: true });
        expect(await joined.aggregateStream("cart-2", { initialState: () => 0, evolve: (n) => n + 1 })).toEqual({ state: 1, version: 1, exists: true });
        const streams: string[] = [];
        for await (const { streamId } of joined.streams({ category: "cart" })) streams.push(streamId);
        expect(streams).toEqual(['cart-"?$1', "cart-2"]);
        expect(await joined.readStream("cart-2", { asOf: new Date("2026-01-01") }).toArray()).toEqual([]);
      });
      const filters = [{ types: ["A ?"] }, { tags: ["t ?"] }, { streamIds: ['cart-"?$1'] }, { data: { snake_case: { key_a: [null] } } }];
      await orm.transaction(async ({ client }) => {
        const joined = store.withTransaction(client);
        for (const filter of filters)
          expect(
            (await joined.readAll({ filter }).toArray()).map((found) => found.id),
            JSON.stringify(filter),
          ).toEqual([id]);
      });
    });

    test("reads and writes thousands of events, one call after another however they are made", async ({ orm, store }) => {
      await orm.transaction(async ({ client }) => {
        const joined = store.withTransaction(client);
        const events = Array.from({ length: 5_000 }, (_, n) => ({ type: "A", data: { n } }));
        const results = await Promise.all([joined.appendToStream("cart-1", events), joined.appendToStream("cart-1", [event])]);
        expect(results.map(({ version }) => version)).toEqual([5_000, 5_001]);
        expect((await joined.readStream("cart-1").toArray()).map(({ version }) => version)).toEqual(Array.from({ length: 5_001 }, (_, n) => n + 1));
      });
      expect(await store.readAll({ filter: { types: ["A"] } }).toArray()).toHaveLength(5_001);
    });

    test("runs statements of your own with the driver's types", async ({ orm, store, audited }) => {
      await orm.transaction(async ({ client }) => {
        const joined = store.withTransaction(client);
        expect(await joined.query("insert into public.audit (entry) values ($1), ($2) returning entry", ["a", "b"])).toEqual({
          rows: [{ entry: "a" }, { entry: "b" }],
          rowCount: 2,
        });
        expect([2, null]).toContain((await joined.query("update public.audit set entry = entry || $1", ["!"])).rowCount);
        expect(await joined.query("select true as yes, 5 as n, jsonb_build_object('a', 1) ? 'a' as holds", [])).toEqual({
          rows: [{ yes: true, n: 5, holds: true }],
          rowCount: 1,
        });
      });
      expect(await audited()).toEqual(["a!", "b!"]);
    });

    test("the server's errors come out as the store's", async ({ orm, store, schema }) => {
      const failing = (statement: string): Promise<unknown> => failureOf(orm, store, statement);
      expect(await failing("select 1/0")).toMatchObject({ code: "DATABASE", sqlState: "22012", cause: expect.anything() });
      const again = "insert into public.audit (id, entry) values (-1, ''), (-1, '')";
      expect(await failing(again)).toMatchObject({ code: "DATABASE", sqlState: "23505", constraint: "audit_pkey", table: "audit" });
      const mutating = `delete from ${pg.escapeIdentifier(schema)}.events`;
      expect(await failing(mutating)).toMatchObject({ code: "DATABASE", message: expect.stringContaining("events") });
    });

    test("an old snapshot is a serialization failure, with the rest of the transaction", async ({ orm, store }) => {
      await store.appendToStream("cart-1", [event]);
      const outdated = orm.transaction(async ({ client }) => {
        const joined = store.withTransaction(client);
        expect(await joined.streamInfo("cart-1")).toMatchObject({ version: 1 });
        await store.appendToStream("cart-1", [event]);
        await joined.appendToStream("cart-1", [event], { expectedVersion: 1 });
      }, "REPEATABLE READ");
      expect(await rejection(outdated)).toMatchObject({ code: "SERIALIZATION_FAILURE", retryable: true });
      expect((await store.streamInfo("cart-1")).version).toBe(2);
    });
  });
  return test;
}

/** For ORMs that outlive the loss of a transaction's connection: postgres.js 3.4.9 throws where nothing can catch it. */
export function testLostConnection(test: AdapterTest): void {
  test("a lost connection is an unknown outcome", async ({ orm, store }) => {
    expect(await failureOf(orm, store, "select pg_terminate_backend(pg_backend_pid())")).toMatchObject({ code: "CONNECTION", sent: true });
  });
}

/** What a statement of the caller's own fails with. */
async function failureOf(orm: Orm, store: EventStore, statement: string): Promise<unknown> {
  let failure: unknown;
  const transaction = orm.transaction(async ({ client }) => {
    failure = await rejection(store.withTransaction(client).query(statement));
    throw mine;
  });
  // An ORM may tell of its rollback instead.
  await rejection(transaction);
  return failure;
}
