import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import { type CheckProgress, defineEvents, event, type EventCatalogue, type EventStore, openEventStore } from "tidemark";
import { describe, eventually, expect, test as base } from "../support/test.ts";

const priced = (version: number): EventCatalogue =>
  defineEvents({
    Priced: {
      schema: event<object>(),
      version,
      ...(version > 1 && {
        upcast: {
          1: ({ data }) => {
            if (data.broken) throw new TypeError("no cents");
            return data;
          },
        },
      }),
    },
  });

const kinds = ["server", "PGlite"] as const;
const test = base.extend("storeOn", ({ databaseUrl, schema }, { onCleanup }) => {
  const opened: { close: () => Promise<void> }[] = [];
  onCleanup(async () => {
    for (const one of opened.toReversed()) await one.close();
  });
  return async (kind: (typeof kinds)[number], events?: EventCatalogue): Promise<EventStore> => {
    const pool = kind === "PGlite" ? new PGlite() : undefined;
    if (pool) opened.push(pool);
    const options = { schema, ...(events && { events }) };
    const store = await (pool ? openEventStore({ ...options, pool }) : openEventStore(databaseUrl, options));
    opened.push(store);
    return store;
  };
});

async function fill(store: EventStore): Promise<void> {
  const good = Array.from({ length: 30 }, (_, n) => ({ type: "Priced", data: { n } }));
  await store.appendToStream("cart-1", [...good, { type: "Priced", data: { broken: true } }]);
  await store.forTenant("acme").appendToStream("cart-1", [
    { type: "Priced", data: { broken: true } },
    { type: "Strange", data: {} },
  ]);
}

describe("checkEvents", () => {
  test.for(kinds)("on %s reads the events of all tenants with any catalogue, those of a tenant with its own store", async (kind, { storeOn }) => {
    const store = await storeOn(kind);
    await fill(store);
    const events = priced(2);
    expect(await store.checkEvents({ events })).toMatchObject({
      position: 33,
      checked: 33,
      failed: 3,
      examples: [],
      types: [
        {
          type: "Priced",
          schemaVersion: 1,
          count: 32,
          checked: 32,
          failed: 2,
          problems: [{ kind: "undecodable", position: 31, tenant: "" }, { tenant: "acme" }],
        },
        { type: "Strange", checked: 1, failed: 1, problems: [{ kind: "unknown", message: expect.stringContaining("Strange") }] },
      ],
    });
    const acme = store.forTenant("acme");
    expect(await acme.checkEvents({ events })).toMatchObject({ checked: 2, failed: 2, types: [{ count: 1 }, { count: 1 }] });
    expect(await acme.checkEvents({ events, sample: 1 })).toMatchObject({ checked: 2, failed: 2, types: [{ count: 1, checked: 1 }, { count: 1 }] });
    expect(await acme.checkEvents({ events, tenants: "all" })).toMatchObject({ checked: 33 });
    expect(await store.checkEvents({ events, tenants: "own" })).toMatchObject({ checked: 31, failed: 1, types: [{ type: "Priced", count: 31 }] });
    expect(await store.checkEvents({ events, tenants: "own", sample: 7 })).toMatchObject({ checked: 7, types: [{ type: "Priced", count: 31, checked: 7 }] });
  });

  test.for(kinds)("on %s takes the store's own catalogue, and tells how far it is", async (kind, { storeOn }) => {
    const store = await storeOn(kind, priced(1));
    await store.appendToStream("cart-1", [
      { type: "Priced", data: {} },
      { type: "Priced", data: {} },
    ]);
    for (const sample of [undefined, 5]) {
      const told: CheckProgress[] = [];
      const report = await store.checkEvents({ onProgress: (progress) => void told.push(progress), ...(sample !== undefined && { sample }) });
      expect(report).toMatchObject({ checked: 2, failed: 0 });
      expect(told.at(-1)).toEqual({ checked: 2, fraction: 1 });
    }
  });

  test.for(kinds)("on %s ends with the reason of its signal", async (kind, { storeOn }) => {
    const store = await storeOn(kind, priced(1));
    await store.appendToStream(
      "cart-1",
      Array.from({ length: 50 }, () => ({ type: "Priced", data: {} })),
    );
    for (const sample of [undefined, 40]) {
      const controller = new AbortController();
      const onProgress = (): void => controller.abort(new Error("enough"));
      const options = { onProgress, signal: controller.signal, ...(sample !== undefined && { sample }) };
      const checks = store.checkEvents(options);
      // A small log is one page, after which nothing is left to be ended.
      if (sample === undefined) expect(await checks).toMatchObject({ checked: 50 });
      else await expect(checks).rejects.toThrow("enough");
      await expect(store.checkEvents({ signal: AbortSignal.abort(new Error("before")), ...(sample !== undefined && { sample }) })).rejects.toThrow("before");
    }
  });

  test("ends a statement under way, on the server too", async ({ storeOn, sql, schema }) => {
    const store = await storeOn("server", priced(1));
    await store.appendToStream("cart-1", [{ type: "Priced", data: {} }]);
    const client = await sql.connect();
    try {
      await client.query("begin");
      // Not events, which the high-water mark reads, too: that statement is everyone's, and goes on.
      await client.query(`lock table ${pg.escapeIdentifier(schema)}.streams in access exclusive mode`);
      const waiting = async (): Promise<number> => {
        const { rows } = await sql.query(
          "select 1 from pg_catalog.pg_stat_activity where wait_event_type = 'Lock' and datname = pg_catalog.current_database()",
        );
        return rows.length;
      };
      for (const sample of [undefined, 5]) {
        const controller = new AbortController();
        const ended = expect(store.checkEvents({ signal: controller.signal, ...(sample !== undefined && { sample }) })).rejects.toThrow("enough");
        await eventually(async () => expect(await waiting()).toBe(1));
        controller.abort(new Error("enough"));
        await ended;
        await eventually(async () => expect(await waiting()).toBe(0));
      }
    } finally {
      await client.query("rollback");
      client.release();
    }
  });

  test("refuses what it does not know, and a store without a catalogue", async ({ store }) => {
    await expect(store.checkEvents()).rejects.toThrow("options.events is missing, and this store was opened without a catalogue");
    await expect(store.checkEvents({ events: { types: [] } })).rejects.toThrow("options.events must be a catalogue made by defineEvents");
    await expect(store.checkEvents({ events: priced(1), sample: 0 })).rejects.toThrow("options.sample must be a whole number from 1 to 10000");
    await expect(store.checkEvents(JSON.parse('{ "sampel": 1 }'))).rejects.toThrow('did you mean "sample"?');
  });
});
