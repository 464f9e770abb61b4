import { defaultPageLimits } from "../../src/read/page-size.ts";
import { readFirstPage, readFirstPages } from "../../src/read/first-pages.ts";
import { StatementsBySize } from "../../src/read/statements-by-size.ts";
import { open } from "../database/open.ts";
import { describe, expect, test, tinyPages } from "./log.ts";

describe("plans", () => {
  test(
    "follow the log as it grows to a quarter of a million streams: no table is scanned by statements that were prepared while it was tiny",
    { timeout: 300_000 },
    async ({ databaseUrl, log, sql }) => {
      const { schema } = log;
      for (const table of ["streams", "events", "event_tags", "snapshots"]) await sql.query(`alter table ${schema}.${table} set (autovacuum_enabled = off)`);
      await log.write([{ streamId: "cart-1", tags: ["t"] }, { streamId: "cart-2" }]);
      await sql.query(`analyze ${schema}.streams, ${schema}.events, ${schema}.event_tags`);

      const { database } = await open(databaseUrl, { max: 1 });
      await database.transaction(async (session) => {
        const statements = new StatementsBySize(schema.slice(1, -1).replaceAll('""', '"'), tinyPages);
        const reader = log.reader({ queryable: session, mark: async () => mark, statements });
        let mark = 2;
        const readEverything = async (): Promise<number> => {
          const before = await scanned();
          await reader.readStream("cart-1").toArray();
          await reader.readStream("cart-1", { direction: "backward", asOf: new Date() }).toArray();
          await reader.readAll({ after: mark - 2 }).toArray();
          await reader.readAll({ direction: "backward", limit: 3 }).toArray();
          await reader.readAll({ filter: { tags: ["t"] } }).toArray();
          await reader.readAll({ after: Math.max(0, mark - 9), filter: [{ types: ["a"] }, { categories: ["b"], data: { a: 1 } }], tenants: "all" }).toArray();
          await reader.readBoundary([{ tags: ["t"] }, { types: ["a"], tags: ["t", "u"] }]);
          await reader.streamInfo("cart-1");
          await reader.eventById("00000000-0000-7000-8000-000000000001");
          const requests = ["cart-1", "cart-2", "absent"].map((streamId) => ({ tenant: "", streamId, after: 0, until: 10, rows: 10 }));
          await readFirstPages(session, statements, requests, { rows: 10 });
          const snapshot = { kind: "stream", name: "cart", stateVersion: 1, catalogue: "" } as const;
          const found = await readFirstPages(session, statements, [...requests.map((request) => ({ ...request, snapshot })), ...requests], { rows: 10 });
          expect(found.map((rows) => rows.length)).toEqual([1, 1, 1, 1, 1, 0]);
          for (const request of requests) expect(await readFirstPage(session, statements, { ...request, snapshot }, undefined)).toHaveLength(1);
          return (await scanned()) - before;
        };
        const scanned = async (): Promise<number> => {
          const { rows } = await session.userQuery<{ rows: string }>("select sum(seq_tup_read) as rows from pg_stat_xact_all_tables where schemaname = $1", [
            schema.slice(1, -1).replaceAll('""', '"'),
          ]);
          return Number(rows[0]?.rows);
        };
        // From the sixth time on a prepared statement keeps its plan.
        let tiny = 0;
        for (let time = 0; time < 8; time++) tiny += await readEverything();
        expect(tiny).toBeGreaterThan(0);

        await session.execute(
          `
        insert into ${schema}.streams (name) select 'grown-' || n::text from generate_series(1, 250000) as n;
        insert into ${schema}.events (position, stream_id, version, id, recorded_at, type, data)
        select 2 + s.id, s.id, 1, gen_random_uuid(), now(), 'Grown', '{}' from ${schema}.streams as s where s.name like 'grown-%';
        insert into ${schema}.event_tags (tag, position) select 'grown', position from ${schema}.events;
        insert into ${schema}.snapshots (kind, name, key, state_version, version, position, event_id, state)
        select 'stream', 'cart', 'grown-' || n::text, 1, 1, n, gen_random_uuid(), '{}' from generate_series(1, 25000) as n`,
          { timeoutMs: 250_000 },
        );
        mark = 250_000;
        await reader.readAll({ after: 249_999 }).toArray();
        // In a store they are the reader's own.
        statements.saw(mark);
        expect(await readEverything()).toBe(0);
      });
      await database.close();
    },
  );

  test("find a page by position where nothing was ever analysed, and never read the whole of a tenant for it", async ({ log, sql }) => {
    const { schema } = log;
    await sql.query(`alter table ${schema}.events set (autovacuum_enabled = off); alter table ${schema}.streams set (autovacuum_enabled = off)`);
    await log.write([{ streamId: "cart-1" }]);
    await sql.query(
      `insert into ${schema}.events (position, stream_id, version, id, recorded_at, type, data)
       select n, (select id from ${schema}.streams), n, gen_random_uuid(), now(), 'Grown', '{}' from generate_series(2, 20000) as n`,
    );
    await log.database.transaction(async (session) => {
      const reader = log.reader({ queryable: session, mark: 20_000, pages: defaultPageLimits });
      const touched = async (): Promise<number> => {
        const { rows } = await session.userQuery<{ touched: string }>(
          "select sum(seq_tup_read + idx_tup_fetch) as touched from pg_stat_xact_all_tables where schemaname = $1 and relname = 'events'",
          [schema.slice(1, -1).replaceAll('""', '"')],
        );
        return Number(rows[0]?.touched);
      };
      /** Touches each event once for each reading; pages of more than 128 are looked through for large events before. */
      const readTwice = async (limit: number): Promise<void> => {
        await reader.readAll({ limit }).toArray();
        await reader.readAll({ limit, filter: { types: ["Grown"] }, direction: "backward" }).toArray();
      };
      await readTwice(20);
      expect(await touched()).toBe(40);
      // A filter is prepared the third time. The first five after that are planned for their values, and the plan of those that come then is kept.
      for (let time = 0; time < 7; time++) await readTwice(1_000);
      const before = await touched();
      await readTwice(1_000);
      expect((await touched()) - before).toBe(1_000 + 872 + 1_000);
    });
  });

  test("read the events behind a snapshot, and none before it, of one stream or of several", async ({ log, sql }) => {
    const { schema } = log;
    await sql.query(`alter table ${schema}.events set (autovacuum_enabled = off)`);
    await log.write([{ streamId: "cart-1" }]);
    await sql.query(
      `insert into ${schema}.events (position, stream_id, version, id, recorded_at, type, data)
       select n, (select id from ${schema}.streams), n, gen_random_uuid(), now(), 'Grown', '{}' from generate_series(2, 20000) as n`,
    );
    await sql.query(
      `insert into ${schema}.snapshots (kind, name, key, state_version, version, position, event_id, state)
       select 'stream', 'cart', 'cart-1', 1, 19991, 19991, id, '{}' from ${schema}.events where position = 19991`,
    );
    const statements = new StatementsBySize(schema.slice(1, -1).replaceAll('""', '"'), tinyPages);
    const request = {
      tenant: "",
      streamId: "cart-1",
      after: 0,
      until: Number.MAX_SAFE_INTEGER,
      rows: 128,
      snapshot: { kind: "stream", name: "cart", stateVersion: 1, catalogue: "" },
    } as const;
    await log.database.transaction(async (session) => {
      const touched = async (): Promise<number> => {
        const { rows } = await session.userQuery<{ touched: string }>(
          "select sum(seq_tup_read + idx_tup_fetch) as touched from pg_stat_xact_all_tables where schemaname = $1 and relname = 'events'",
          [schema.slice(1, -1).replaceAll('""', '"')],
        );
        return Number(rows[0]?.touched);
      };
      for (let time = 0; time < 8; time++) {
        const before = await touched();
        expect(await readFirstPage(session, statements, request, undefined)).toHaveLength(10);
        expect((await readFirstPages(session, statements, [request, request], { rows: 128 })).map((rows) => rows.length)).toEqual([10, 10]);
        expect((await touched()) - before).toBe(30);
      }
    });
  });
});
