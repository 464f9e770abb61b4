import { z } from "zod";
import { asBigInt, asDate, asMap, asSet, defineEvents, event, retired } from "../../src/index.ts";
import { describe, expect } from "../support/test.ts";
import { drivers } from "./drivers.ts";

const events = defineEvents({
  CartConfirmed: {
    schema: z.object({
      at: z.iso.datetime().transform((text) => new Date(text)),
      total: z.bigint(),
      lines: z.array(z.object({ sku: z.string(), since: z.date() })),
      tags: z.set(z.string()),
      prices: z.map(z.string(), z.number()),
      channel: z.string().default("web"),
    }),
    stored: { at: asDate, total: asBigInt, "lines[].since": asDate, tags: asSet, prices: asMap },
  },
});
const appended = {
  at: "2026-11-20T10:00:00.000Z",
  total: 12_345_678_901_234_567_890n,
  lines: [{ sku: "tea", since: new Date(0) }],
  tags: new Set(["gift"]),
  prices: new Map([
    ["tea", 3],
    ["milk", 2],
  ]),
};

describe.for(drivers)("a catalogue on $driver", ({ test }) => {
  test("keeps dates, bigints, sets and maps exactly, in a form that SQL can query", async ({ open }) => {
    const store = await open({ events });
    await store.appendToStream("cart-1", [{ type: "CartConfirmed", data: appended }]);
    const [read] = await store.readStream("cart-1").toArray();
    expect(read?.data).toEqual({ ...appended, at: new Date(appended.at), channel: "web" });
    const [row] = await store.readStream("cart-1", { raw: true }).toArray();
    const { rows } = await store.query(
      // With their types: the database may hold operators that fit a bare text better.
      `select (d->>'at'::text)::timestamptz = '2026-11-20T10:00:00Z'::timestamptz and (d->>'total'::text)::numeric = 12345678901234567890::numeric
          and d->'tags'::text ? 'gift'::text and d->'prices'::text @> '[["tea"]]'::jsonb
          and (d#>>'{lines,0,since}'::text[])::timestamptz = 'epoch'::timestamptz as found
         from (select $1::jsonb as d) stored`,
      [JSON.stringify(row?.data)],
    );
    expect(rows).toEqual([{ found: true }]);
  });

  test("reads by older code what is stored under other names, and refuses what that code does not know", async ({ open }) => {
    const yesterday = await open({ events: defineEvents({ CartOpened: event<{ user: string }>(), ItemAdded: event<{ sku: string }>() }) });
    await yesterday.appendToStream("cart-1", [
      { type: "CartOpened", data: { user: "ada" } },
      { type: "ItemAdded", data: { sku: "tea" } },
    ]);
    const today = await open({
      events: defineEvents({
        CartCreated: event<{ owner: string }>(),
        ItemAdded: { schema: event<{ sku: string; quantity: number }>(), version: 2, upcast: { 1: ({ data }) => ({ ...data, quantity: 1 }) } },
        CartOpened: retired(({ data }) => [{ type: "CartCreated", data: { owner: data.user } }], { becomes: ["CartCreated"] }),
      }),
    });
    const found = await today.readAll({ filter: { types: ["CartCreated"], data: { owner: "ada" } } }).toArray();
    expect(found).toMatchObject([{ type: "CartCreated", data: { owner: "ada" }, version: 1 }]);
    await today.appendToStream("cart-1", [{ type: "ItemAdded", data: { sku: "milk", quantity: 2 } }]);
    await expect(yesterday.readStream("cart-1").toArray()).rejects.toMatchObject({ code: "UNKNOWN_EVENT_TYPE", type: "ItemAdded", schemaVersion: 2 });
    expect(await today.readStream("cart-1").toArray()).toMatchObject([{ data: { owner: "ada" } }, { data: { quantity: 1 } }, { data: { quantity: 2 } }]);
  });
});
