import pg from "pg";
import { type EventStore, openEventStore, type RecordedEvent, type StoreOptions, withMetadata } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, eventually, expect, failure, recordLogs, test, times } from "./test.ts";

/** The names of the statements that the store's one connection holds prepared. */
async function preparedBy(store: EventStore): Promise<string[]> {
  await store.appendToStream("cart-1", [itemAdded()]);
  await store.readStream("cart-1").toArray();
  const { rows } = await store.query<{ name: string }>("select name from pg_catalog.pg_prepared_statements");
  return rows.map(({ name }) => name);
}

describe("an option of openEventStore has its effect:", () => {
  test("prepare", async ({ openStore }) => {
    const pool = { max: 1 };
    const names = await preparedBy(await openStore({ pool }));
    expect(names).toEqual(expect.arrayContaining([expect.stringContaining("append"), expect.stringContaining("read_stream")]));
    expect(await preparedBy(await openStore({ pool, prepare: false }))).toEqual([]);
  });

  test("durability, of each append's own transaction", async ({ store, openStore, q, sql }) => {
    await sql.query(`create table ${q}.commits (setting text);
      create function ${q}.record() returns trigger language plpgsql as $$ begin insert into ${q}.commits values (current_setting('synchronous_commit')); return null; end $$;
      create trigger record after insert on ${q}.events for each statement execute function ${q}.record()`);
    await store.appendToStream("cart-1", [itemAdded()]);
    for (const durability of ["on", "off"] as const) await (await openStore({ durability })).appendToStream("cart-1", [itemAdded()]);
    const { rows } = await sql.query(`select setting from ${q}.commits`);
    expect(rows.map(({ setting }) => setting)).toEqual(["on", "on", "off"]);
  });

  test("durability, which warns where a crash can lose what was acknowledged", async ({ openStore, databaseUrl }) => {
    const warned = async (options: StoreOptions): Promise<string[]> => {
      const { logger, lines } = recordLogs();
      await openStore({ ...options, logger });
      return lines.filter((line) => line.startsWith("warn: tidemark: appends run with synchronous_commit"));
    };
    expect(await warned({ durability: "on" })).toEqual([]);
    expect(await warned({ durability: "server" })).toEqual([]);
    expect(await warned({ durability: "off" })).toEqual([expect.stringContaining("synchronous_commit = off")]);
    const weak = new URL(databaseUrl);
    weak.searchParams.set("options", "-c synchronous_commit=local");
    const { logger, lines } = recordLogs();
    await using _ = await openEventStore(weak.href, { schema: "weak", logger });
    expect(lines.filter((line) => line.startsWith("warn"))).toEqual([expect.stringContaining("synchronous_commit = local")]);
  });

  test("correlationIds, one for each call and each transaction, where none is given", async ({ openStore }) => {
    const store = await openStore({ correlationIds: "automatic" });
    await store.appendToStream("cart-1", [itemAdded(), itemAdded()]);
    await store.appendToStreams([
      { streamId: "cart-2", events: [itemAdded()] },
      { streamId: "cart-3", events: [itemAdded()] },
    ]);
    await store.transaction(async (tx) => {
      await tx.appendToStream("cart-4", [itemAdded()]);
      await tx.append([{ ...itemAdded(), tags: ["cart:5"] }]);
    });
    await withMetadata({ correlationId: "scope" }, () => store.appendToStream("cart-6", [itemAdded()]));
    await store.withMetadata({ correlationId: "store" }).appendToStream("cart-7", [itemAdded()]);
    await store.appendToStream("cart-8", [{ ...itemAdded(), metadata: { correlationId: "event", actorId: "ada" } }]);
    const ids = (await store.readAll().toArray()).map(({ metadata }) => metadata.correlationId ?? "");
    const [first = "", , second = "", , third = ""] = ids;
    expect(ids).toEqual([first, first, second, second, third, third, "scope", "store", "event"]);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    await (await openStore()).appendToStream("cart-9", [itemAdded()]);
    expect((await store.readStream("cart-9").toArray())[0]?.metadata).toEqual({});
  });

  test("limits.eventBytes", async ({ openStore }) => {
    const store = await openStore({ limits: { eventBytes: 1_024 } });
    const event = (bytes: number): { type: string; data: string } => ({ type: "Noted", data: "x".repeat(bytes - 2) });
    await store.appendToStream("note-1", [event(1_024)]);
    expect(await failure(() => store.appendToStream("note-1", [event(1_025)]))).toMatchObject({ code: "EVENT_TOO_LARGE", bytes: 1_025, limit: 1_024 });
    expect((await store.streamInfo("note-1")).version).toBe(1);
  });

  test("limits.queuedAppends", async ({ openStore }) => {
    const store = await openStore({ limits: { queuedAppends: 3 } });
    const settled = await Promise.allSettled(times(5, () => store.appendToStream("cart-1", [itemAdded()])));
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected", "rejected"]);
    expect(settled[4]).toMatchObject({ reason: { code: "QUEUE_FULL", limit: 3, retryable: true } });
    expect((await store.streamInfo("cart-1")).version).toBe(3);
  });

  test("logger", async ({ openStore, absentSchema }) => {
    const { logger, lines } = recordLogs();
    await openStore({ logger, schema: absentSchema });
    expect(lines).toEqual([
      expect.stringMatching(/^info: tidemark: applied migration 1 \(store\)/),
      expect.stringMatching(/^info: tidemark: applied functions [0-9a-f]{8} /),
    ]);
  });

  test("now, also inside a transaction", async ({ openStore }) => {
    const moment = new Date("2001-02-03T04:05:06.789Z");
    for (const wrong of [new Date(Number.NaN), "2020-02-29", undefined]) {
      // @ts-expect-error -- no Date
      const misled = await openStore({ now: () => wrong });
      const refused = { code: "INVALID_ARGUMENT", path: "options.now()" };
      await expect(misled.appendToStream("a", [{ type: "A", data: 1 }])).rejects.toMatchObject(refused);
      await expect(Promise.all([1, 2, 3].map((n) => misled.appendToStream(`a-${n}`, [{ type: "A", data: 1 }])))).rejects.toMatchObject(refused);
      await misled.transaction((tx) => expect(tx.appendToStream("a", [{ type: "A", data: 1 }])).rejects.toMatchObject(refused));
      expect(await misled.readAll().toArray()).toEqual([]);
    }
    const store = await openStore({ now: () => moment });
    await store.appendToStream("cart-1", [itemAdded()]);
    await store.transaction((tx) => tx.appendToStream("cart-1", [itemAdded()]));
    expect((await store.readAll().toArray()).map(({ recordedAt }) => recordedAt)).toEqual([moment, moment]);
  });

  test("createId, whose ids must be UUIDs", async ({ openStore }) => {
    const id = "11111111-1111-4111-8111-111111111111";
    const store = await openStore({ createId: () => id });
    await store.appendToStream("cart-1", [itemAdded()]);
    expect(await store.eventById(id)).toMatchObject({ id, streamId: "cart-1" });
    const wrong = await openStore({ createId: () => "1" });
    expect(await failure(() => wrong.appendToStream("cart-1", [itemAdded()]))).toMatchObject({
      code: "INVALID_ARGUMENT",
      path: expect.stringContaining("createId"),
    });
  });

  test("schema, whose stores in one database do not see each other", async ({ databaseUrl, sql }) => {
    const hostile = 'we"ird schema; drop schema public; --';
    await using one = await openEventStore(databaseUrl, { schema: hostile });
    await using two = await openEventStore(databaseUrl, { schema: `${hostile}'` });
    const id = "11111111-1111-4111-8111-111111111112";
    await one.appendToStream("cart-1", [{ ...itemAdded(), id }]);
    expect([await two.highWaterMark(), await two.readAll({ tenants: "all" }).toArray(), await two.eventById(id)]).toEqual([0, [], undefined]);
    await two.appendToStream("cart-1", [{ ...itemAdded(), id }], { expectedVersion: "no-stream" });
    const { rows } = await sql.query("select nspname from pg_namespace where nspname like 'we\"ird schema; drop%' or nspname = 'public' order by 1");
    expect(rows.map(({ nspname }) => nspname)).toEqual(["public", hostile, `${hostile}'`]);
  });

  test("migrate", async ({ openStore: anyStore, absentSchema: schema, sql }) => {
    const openStore = (options: StoreOptions): Promise<EventStore> => anyStore({ schema, ...options });
    for (const migrate of ["verify", "off"] as const) {
      const { rowCount } = await sql.query("select 1 from pg_namespace where nspname = $1", [schema]);
      expect(rowCount).toBe(0);
      const opening = openStore({ migrate });
      if (migrate === "verify") expect(await failure(() => opening)).toMatchObject({ code: "SCHEMA_OUTDATED", schema, found: 0 });
      // It does not look, so the first call finds that there is nothing.
      else expect(await failure(async () => (await opening).appendToStream("cart-1", [itemAdded()]))).toMatchObject({ code: "DATABASE" });
    }
    await openStore({ migrate: "auto" });
    for (const migrate of ["verify", "off", "auto"] as const) await (await openStore({ migrate })).appendToStream("cart-1", [itemAdded()]);
  });

  test("pool.max, the most connections under any load", async ({ openStore, sql }) => {
    const store = await openStore({ pool: { max: 3 } });
    const most = async (): Promise<number> =>
      (await sql.query("select count(*)::int as open from pg_stat_activity where datname = current_database() and application_name = 'tidemark'")).rows[0].open;
    // The one that opened the store, once those of the tests before have gone.
    await eventually(async () => expect(await most()).toBe(1));
    const load = Promise.all(times(60, (n) => (n % 3 === 0 ? store.query("select pg_sleep(0.02)") : store.appendToStream(`cart-${n}`, [itemAdded()]))));
    const seen: number[] = [];
    const state = { over: false };
    void load.finally(() => (state.over = true));
    while (!state.over) seen.push(await most());
    await load;
    expect(Math.max(...seen)).toBe(3);
  });
});

/** What a role or an application may have set, and the store must not notice. */
const hostileSettings: Readonly<Record<string, string>> = {
  DateStyle: "German",
  TimeZone: "Asia/Kathmandu",
  IntervalStyle: "sql_standard",
  bytea_output: "escape",
  standard_conforming_strings: "off",
  default_transaction_isolation: "serializable",
  extra_float_digits: "-10",
  lc_messages: "C",
  search_path: "",
};

describe("a hostile session", () => {
  test("changes nothing of what the store writes and reads", async ({ databaseUrl, schema }) => {
    const setting = {
      connectionString: databaseUrl,
      options: Object.entries(hostileSettings)
        .map(([name, value]) => `-c ${name}=${value === "" ? '""' : value}`)
        .join(" "),
    };
    const data = { back: "a\\b", quote: "it's", float: 0.1 + 0.2, big: 1.7976931348623157e308, small: 5e-324, text: "1999-12-31", nested: [{ a: null }] };
    const read: RecordedEvent[][] = [];
    for (const pool of [new pg.Pool({ connectionString: databaseUrl }), new pg.Pool(setting)]) {
      const store = await openEventStore({ pool, schema, logger: recordLogs().logger, now: () => new Date("2024-02-29T23:59:59.999Z") });
      const name = `it's-${read.length}\\`;
      await store.appendToStreams([
        { streamId: name, events: [{ type: "No\\ted", data, metadata: { actorId: "o'\\" }, tags: ["a\\", "b'"] }], expectedVersion: 0 },
      ]);
      await store.transaction((tx) => tx.appendToStream(name, [{ type: "No\\ted", data }], { expectedVersion: 1 }));
      const events = await store.readStream(name).toArray();
      expect(await store.readAll({ filter: { streamIds: [name], tags: ["a\\"] } }).toArray()).toEqual(events.slice(0, 1));
      expect(await store.readStream(name, { asOf: new Date("2024-02-29T23:59:59.998Z") }).toArray()).toEqual([]);
      expect(await store.streamInfo(name)).toMatchObject({ version: 2, streamId: name });
      expect(await store.blockers()).toEqual([]);
      expect(await store.highWaterMark()).toBe(events[1]?.position);
      read.push(events);
      await store.close();
      await pool.end();
    }
    const plain = read.map((events) => events.map(({ type, data: held, metadata, tags, recordedAt }) => ({ type, held, metadata, tags, recordedAt })));
    expect(plain[0]?.[0]).toEqual({
      type: "No\\ted",
      held: data,
      metadata: { actorId: "o'\\" },
      tags: ["a\\", "b'"],
      recordedAt: new Date("2024-02-29T23:59:59.999Z"),
    });
    expect(plain[1]).toEqual(plain[0]);
  });

  test("with every type parser of pg replaced changes nothing", async ({ store }) => {
    const types = Object.values(pg.types.builtins).filter((oid) => typeof oid === "number");
    const before = new Map(types.map((oid) => [oid, pg.types.getTypeParser(oid)]));
    try {
      for (const oid of before.keys()) pg.types.setTypeParser(oid, () => "replaced");
      await store.appendToStream("cart-1", [{ ...itemAdded("tea"), tags: ["cart:1"], metadata: { actorId: "ada" } }], { expectedVersion: 0 });
      const [event] = await store.readStream("cart-1").toArray();
      expect(event).toMatchObject({
        type: "ItemAdded",
        data: { sku: "tea" },
        tags: ["cart:1"],
        metadata: { actorId: "ada" },
        version: 1,
        recordedAt: expect.any(Date),
      });
      expect(Math.abs(Number(event?.recordedAt) - Date.now())).toBeLessThan(60_000);
      expect(await store.readAll().toArray()).toEqual([event]);
      expect(await store.highWaterMark()).toBe(event?.position);
    } finally {
      for (const [oid, parser] of before) pg.types.setTypeParser(oid, parser);
    }
  });
});
