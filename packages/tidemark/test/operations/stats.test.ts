import pg from "pg";
import { type EventStore, openEventStore, type StatsShare } from "tidemark";
import { openDatabase } from "../schema/open.ts";
import { stats } from "../../src/operations/stats/stats.ts";
import { describe, expect, test as base } from "../support/test.ts";

const test = base.extend("at", ({ schema }) => `${pg.escapeIdentifier(schema)}.`);

const day = 86_400_000;
/** Noon of today: no test may run over a day's end. */
const today = new Date(Math.floor(Date.now() / day) * day + day / 2);
const dayAgo = (days: number): string => new Date(today.getTime() - days * day).toISOString().slice(0, 10);
const events = (type: string, count: number): { type: string; data: object }[] => Array.from({ length: count }, (_, n) => ({ type, data: { n } }));
const named = (shares: readonly StatsShare[]): Record<string, number> => Object.fromEntries(shares.map(({ name, count }) => [name, count]));

async function fill(open: (options: { now: () => Date }) => Promise<EventStore>): Promise<EventStore> {
  let now = new Date(today.getTime() - 2 * day);
  const store = await open({ now: () => now });
  await store.appendToStream("cart-1", events("ItemAdded", 5));
  await store.appendToStream("order-1", events("OrderPlaced", 2));
  now = today;
  await store.appendToStream("cart-2", events("ItemAdded", 2));
  await store.forTenant("acme").appendToStream("cart-1", events("ItemAdded", 3));
  return store;
}

describe("store.stats", () => {
  test("counts a small store", async ({ openApplication, store }) => {
    await fill(openApplication);
    const found = await store.stats({ days: 3 });
    expect(found).toMatchObject({
      events: { count: 12, estimated: false },
      streams: { count: 4, estimated: false },
      types: [
        { name: "ItemAdded", count: 10, estimated: false },
        { name: "OrderPlaced", count: 2, estimated: false },
      ],
      categories: [
        { name: "cart", count: 10 },
        { name: "order", count: 2 },
      ],
      tenants: [
        { name: "", count: 9 },
        { name: "acme", count: 3 },
      ],
      largestStreams: [
        { streamId: "cart-1", tenant: "", events: 5 },
        { streamId: "cart-1", tenant: "acme", events: 3 },
        { streamId: "cart-2", tenant: "", events: 2 },
        { streamId: "order-1", tenant: "", events: 2 },
      ],
    });
    expect(found.days).toEqual([
      { name: dayAgo(2), count: 7, estimated: false },
      { name: dayAgo(1), count: 0, estimated: false },
      { name: dayAgo(0), count: 5, estimated: false },
    ]);
    expect(found.tables.find(({ name }) => name === "events")?.bytes).toBeGreaterThan(0);
    expect(found.indexes.find(({ name }) => name === "events_stream_id_version_key")).toMatchObject({ table: "events", scans: expect.any(Number) });
    expect(found.bytes).toBe(found.tables.reduce((sum, { bytes, indexBytes }) => sum + bytes + indexBytes, 0));
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });

  test("tells a tenant of its own alone, and of an empty store that it is empty", async ({ openApplication, store }) => {
    await fill(openApplication);
    expect(await store.forTenant("acme").stats({ days: 1 })).toMatchObject({
      events: { count: 3 },
      streams: { count: 1 },
      types: [{ name: "ItemAdded", count: 3 }],
      tenants: [{ name: "acme", count: 3 }],
      days: [{ count: 3 }],
      largestStreams: [{ streamId: "cart-1", tenant: "acme", events: 3 }],
    });
    expect(await store.forTenant("nobody").stats()).toMatchObject({ events: { count: 0 }, types: [], largestStreams: [], days: { length: 30 } });
  });

  test("works on an embedded store", async () => {
    const store = await fill((options) => openEventStore(options));
    try {
      expect(await store.stats({ days: 2 })).toMatchObject({ events: { count: 12 }, days: [{ count: 0 }, { count: 5 }] });
    } finally {
      await store.close();
    }
  });

  test("refuses options that are none", async ({ store }) => {
    // @ts-expect-error What JavaScript may pass.
    await expect(store.stats({ day: 3 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining('did you mean "days"?') });
    await expect(store.stats({ days: 0 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe("of a large log", () => {
  test("figures are estimated from a sample, and say so", async ({ application, databaseUrl, schema, sql, at }) => {
    await application.appendToStream("cart-1", events("ItemAdded", 1));
    // 200,000 events over ten days: nine of ten of one type, every twentieth in one stream.
    await sql.query(`
      set session_replication_role = replica;
      insert into ${at}streams (name, tenant) select 'order-' || n, '' from generate_series(1, 1000) as n;
      insert into ${at}events (position, stream_id, version, id, recorded_at, type, data, tenant)
      select n, case when n % 20 = 0 then 2 else 3 + n % 900 end, n, gen_random_uuid(),
             date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - interval '9 days' + n * interval '10 days' / 200001.0,
             case when n % 10 = 0 then 'Rare' else 'Usual' end, '{"a": 1}', ''
        from generate_series(2, 200000) as n;
      select setval('${at}events_position_seq', 200000);
      set session_replication_role = origin;
      analyze ${at}events; analyze ${at}streams`);
    const database = await openDatabase(databaseUrl);
    try {
      const found = await stats({ database, schema, tenant: undefined, days: 10, countedBlocks: 10 });
      const near = (count: number, expected: number, part = 0.1): void => {
        expect(count).toBeGreaterThan(expected * (1 - part));
        expect(count).toBeLessThan(expected * (1 + part));
      };
      expect(found.events.estimated && found.days.every(({ estimated }) => estimated) && found.types.every(({ estimated }) => estimated)).toBe(true);
      near(found.events.count, 200_000, 0.02);
      near(found.streams?.count ?? 0, 1_001, 0.02);
      near(named(found.types)["Usual"] ?? 0, 180_000, 0.05);
      near(named(found.types)["Rare"] ?? 0, 20_000, 0.2);
      near(named(found.categories)["order"] ?? 0, 200_000, 0.02);
      expect(found.days).toHaveLength(10);
      for (const { count } of found.days) near(count, 20_000, 0.02);
      // The highest versions of all are looked up, so that they are exact.
      expect(found.largestStreams[0]?.events).toBe(200_000);
      const own = await stats({ database, schema, tenant: "acme", days: 10, countedBlocks: 10 });
      expect(own).toMatchObject({ events: { count: 0, estimated: true }, streams: null, types: [] });
    } finally {
      await database.close();
    }
  });
});
