import type { RecordedEvent } from "tidemark";
import { type EventCodec, plainEvents } from "../../src/catalogue/event-codec.ts";
import { Reader } from "../../src/read/reader.ts";
import { StatementsBySize } from "../../src/read/statements-by-size.ts";
import { open } from "../database/open.ts";
import { observed } from "../read/log.ts";
import { sampleCodec } from "./sample-codec.ts";
import { describe, expect, test as base } from "./test.ts";

const today = sampleCodec("today");

/** `reader`: reads with pages of two rows, as today's code. */
const test = base.extend("reader", async ({ databaseUrl, schema, store }, { onCleanup }) => {
  const { database } = await open(databaseUrl);
  onCleanup(() => database.close());
  const statements = new StatementsBySize(schema, { firstRows: 2, maxRows: 2, bytes: 4_096, largeEvents: 1 });
  return new Reader({ queryable: database, statements, codec: today, tenant: "", mark: () => store.highWaterMark() });
});

/** What an event is, and which part. */
function told({ type, version, part, data }: RecordedEvent): string {
  return `${version}${part === undefined ? "" : `.${part}`} ${type} ${JSON.stringify(data)}`;
}

const basket = (...skus: string[]): { type: string; data: unknown } => ({ type: "BasketFilled", data: { skus } });
const touched = { type: "CartTouched", data: {} };
const added = (item: string): { type: string; data: unknown } => ({ type: "ItemAdded", data: { item } });
const tea = { sku: "tea", quantity: 1 };

describe("a reading with a catalogue", () => {
  test("gives the parts of an event together over the borders of pages", async ({ store, reader }) => {
    await store.appendToStream("cart-1", [added("tea"), basket("jam", "rye", "oil"), touched, basket("fig", "nut"), touched, touched, touched, added("ale")]);
    const expected = [
      '1 ItemAdded {"sku":"tea","quantity":1}',
      '2.0 ItemAdded {"sku":"jam","quantity":1}',
      '2.1 ItemAdded {"sku":"rye","quantity":1}',
      '2.2 ItemAdded {"sku":"oil","quantity":1}',
      '4.0 ItemAdded {"sku":"fig","quantity":1}',
      '4.1 ItemAdded {"sku":"nut","quantity":1}',
      '8 ItemAdded {"sku":"ale","quantity":1}',
    ];
    expect((await reader.readStream("cart-1").toArray()).map(told)).toEqual(expected);
    expect((await reader.readAll().toArray()).map(told)).toEqual(expected);
    expect((await reader.readStream("cart-1", { direction: "backward" }).toArray()).map(told)).toEqual(expected.toReversed());
    expect((await reader.readAll({ direction: "backward" }).toArray()).map(told)).toEqual(expected.toReversed());
    const [first, second] = await reader.readStream("cart-1", { fromVersion: 2, toVersion: 2 }).toArray();
    expect(second).toEqual({ ...first, part: 1, data: { sku: "rye", quantity: 1 } });
  });

  test("counts stored events that gave one in its limit, and gives all parts of each", async ({ store, reader }) => {
    await store.appendToStream("cart-1", [touched, touched, touched, basket("jam", "rye"), touched, added("tea"), basket("oil", "fig")]);
    const versions = async (limit: number, direction: "forward" | "backward" = "forward"): Promise<string[]> => {
      const events = await reader.readStream("cart-1", { limit, direction }).toArray();
      expect(await reader.readAll({ limit, direction }).toArray()).toEqual(events);
      return events.map(({ version, part }) => `${version}${part === undefined ? "" : `.${part}`}`);
    };
    expect(await versions(0)).toEqual([]);
    expect(await versions(1)).toEqual(["4.0", "4.1"]);
    expect(await versions(2)).toEqual(["4.0", "4.1", "6"]);
    expect(await versions(3)).toEqual(["4.0", "4.1", "6", "7.0", "7.1"]);
    expect(await versions(9)).toEqual(["4.0", "4.1", "6", "7.0", "7.1"]);
    expect(await versions(1, "backward")).toEqual(["7.1", "7.0"]);
    expect(await versions(3, "backward")).toEqual(["7.1", "7.0", "6", "4.1", "4.0"]);
  });

  test("asks for more rows where few of them give an event", async ({ store, databaseUrl, schema }) => {
    const { database } = await open(databaseUrl);
    await using _closing = { [Symbol.asyncDispose]: () => database.close() };
    await store.appendToStream("cart-1", [...Array.from({ length: 500 }, () => touched), added("tea")]);
    const queryable = observed(database);
    const reader = new Reader({ queryable, statements: new StatementsBySize(schema), codec: today, tenant: "", mark: () => store.highWaterMark() });
    expect((await reader.readStream("cart-1", { limit: 1 }).toArray()).map(({ data }) => data)).toEqual([tea]);
    expect(queryable.statements).toBeLessThan(10);
  });

  test("ends batches between stored events", async ({ store, reader }) => {
    await store.appendToStream("cart-1", [added("tea"), basket("jam", "rye", "oil"), touched, added("fig"), basket("nut", "ale")]);
    const batches: number[][] = [];
    for await (const batch of reader.readStream("cart-1").batches(2)) batches.push(batch.map(({ version }) => version));
    expect(batches).toEqual([
      [1, 2, 2, 2],
      [4, 5, 5],
    ]);
  });

  test("decodes a page while the database makes the next one, unless its limit depends on the page", async ({ store, databaseUrl, schema }) => {
    await store.appendToStream("cart-1", ["tea", "jam", "rye", "oil", "fig"].map(added));
    const { database } = await open(databaseUrl);
    await using _closing = { [Symbol.asyncDispose]: () => database.close() };
    const seen: string[] = [];
    const codec: EventCodec = {
      ...today,
      decoder(options) {
        const { filter, decode } = today.decoder(options);
        return { filter, decode: (event, into) => (seen.push(`decoded ${event.version}`), decode?.(event, into)) };
      },
    };
    const queryable = observed(database, async (count) => {
      // As long as a pool takes to hand out a connection, if not longer.
      for (let ticks = 0; ticks < 10; ticks++) await new Promise<void>((resolve) => process.nextTick(resolve));
      seen.push(`asked for page ${count}`);
    });
    const statements = new StatementsBySize(schema, { firstRows: 2, maxRows: 2, bytes: 4_096, largeEvents: 1 });
    const reading = (): Reader => new Reader({ queryable, statements, codec, tenant: "", mark: () => store.highWaterMark() });
    expect(await reading().readStream("cart-1").toArray()).toHaveLength(5);
    expect(seen.splice(0)).toEqual([
      "asked for page 1",
      "asked for page 2",
      "decoded 1",
      "decoded 2",
      "asked for page 3",
      "decoded 3",
      "decoded 4",
      "decoded 5",
    ]);
    expect(await reading().readStream("cart-1", { limit: 3 }).toArray()).toHaveLength(3);
    expect(seen).toEqual(["asked for page 4", "decoded 1", "decoded 2", "asked for page 5", "decoded 3"]);
  });

  test("rejects at what cannot be decoded, after the events before it", async ({ store, reader }) => {
    const spoiled = { type: "ItemSpoiled", data: {} };
    await store.appendToStream("cart-1", [added("tea"), added("jam"), basket("oil", "rye"), spoiled, added("fig")]);
    for (const reading of [reader.readStream("cart-1"), reader.readAll()]) {
      const seen: string[] = [];
      const all = async (): Promise<void> => {
        for await (const { version, part = 0 } of reading) seen.push(`${version}.${part}`);
      };
      await expect(all()).rejects.toThrow("the step from 1 to 2 failed");
      expect(seen).toEqual(["1.0", "2.0", "3.0", "3.1"]);
    }
    await expect(reader.readStream("cart-1").toArray()).rejects.toThrow("the step from 1 to 2 failed");
    // What is beyond the limit is not asked for, whatever it is.
    expect(await reader.readStream("cart-1", { limit: 3 }).toArray()).toHaveLength(4);
    expect((await reader.readStream("cart-1", { direction: "backward", limit: 1 }).toArray()).map(({ version }) => version)).toEqual([5]);
    expect((await reader.readStream("cart-1", { raw: true }).toArray()).map(({ type }) => type)).toEqual([
      "ItemAdded",
      "ItemAdded",
      "BasketFilled",
      "ItemSpoiled",
      "ItemAdded",
    ]);
  });

  test("rejects, skips or passes what the catalogue does not know", async ({ store, openWith }) => {
    await store.appendToStream("cart-1", [added("tea"), { type: "Strange", data: { odd: 1 } }, added("jam")]);
    const [refusing, skipping, passing] = await Promise.all((["error", "skip", "pass"] as const).map((way) => openWith(sampleCodec("today", way))));
    await expect(refusing?.readStream("cart-1").toArray()).rejects.toThrow("Strange");
    expect((await skipping?.readStream("cart-1").toArray())?.map(told)).toEqual([
      '1 ItemAdded {"sku":"tea","quantity":1}',
      '3 ItemAdded {"sku":"jam","quantity":1}',
    ]);
    expect((await passing?.readStream("cart-1").toArray())?.map(told)).toContain('2 Strange {"odd":1}');
    expect(await skipping?.eventById((await passing?.readStream("cart-1").toArray())?.[1]?.id ?? "")).toBeUndefined();
  });

  test("gives older shapes where they are asked for, and what is stored", async ({ store, openWith }) => {
    await store.appendToStream("cart-1", [added("tea"), { type: "CartConfirmed", data: { at: "2026-01-01T00:00:00.000Z" } }]);
    const reading = await openWith(today);
    const [, confirmed] = await reading.readStream("cart-1").toArray();
    expect(confirmed?.data).toEqual({ at: new Date("2026-01-01") });
    const [old] = await reading.readAll({ as: { ItemAdded: 1 } }).toArray();
    expect([old?.schemaVersion, old?.data]).toEqual([1, { item: "tea" }]);
    const raw = await reading.readAll({ raw: true }).toArray();
    expect(raw.map(({ data }) => data)).toEqual([{ item: "tea" }, { at: "2026-01-01T00:00:00.000Z" }]);
    const id = raw[0]?.id ?? "";
    expect((await reading.eventById(id))?.data).toEqual(tea);
    expect((await reading.eventById(id, { as: { ItemAdded: 1 } }))?.data).toEqual({ item: "tea" });
    expect((await reading.eventById(id, { raw: true }))?.data).toEqual({ item: "tea" });
  });

  test("gives the first part by an id, or nothing", async ({ store, openWith }) => {
    await store.appendToStream("cart-1", [basket("jam", "rye"), touched]);
    const reading = await openWith(today);
    const [filled, touch] = await reading.readStream("cart-1", { raw: true }).toArray();
    expect(await reading.eventById(filled?.id ?? "")).toMatchObject({ type: "ItemAdded", part: 0, data: { sku: "jam" } });
    expect(await reading.eventById(touch?.id ?? "")).toBeUndefined();
    expect(await reading.eventById(touch?.id ?? "", { raw: true })).toMatchObject({ type: "CartTouched" });
  });

  test("refuses options that make no sense", async ({ store }) => {
    const wrong: readonly [unknown, string][] = [
      [{ as: [1] }, "options.as must be an object with a version for each type"],
      [{ as: { ItemAdded: 0 } }, "options.as.ItemAdded must be a whole number"],
      [{ as: { ItemAdded: 1 }, raw: true }, "options.as is given with raw: true"],
      [{ raw: "yes" }, "options.raw"],
      [{ row: true }, "raw"],
    ];
    for (const [options, message] of wrong) {
      expect(() => Reflect.apply(store.readStream, store, ["cart-1", options])).toThrow(message);
      expect(() => Reflect.apply(store.readAll, store, [options])).toThrow(message);
      await expect(Reflect.apply(store.eventById, store, ["00000000-0000-7000-8000-000000000001", options])).rejects.toThrow(message);
      await expect(Reflect.apply(store.readBoundary, store, [[], options])).rejects.toThrow(message);
    }
    expect(plainEvents.decoder().decode).toBeUndefined();
  });
});

describe("a filter with a catalogue", () => {
  test("finds what is stored under a retired name", async ({ store, reader }) => {
    await store.appendToStream("cart-1", [{ type: "CartOpened", data: { by: "ada" } }, basket("jam", "rye"), touched, added("tea")]);
    expect((await reader.readAll({ filter: { types: ["CartCreated"] } }).toArray()).map(told)).toEqual(['1 CartCreated {"by":"ada"}']);
    expect((await reader.readAll({ filter: { types: ["ItemAdded"] } }).toArray()).map(({ version }) => version)).toEqual([2, 2, 4]);
    expect(await reader.readAll({ filter: { types: ["BasketFilled"] } }).toArray()).toEqual([]);
    expect((await reader.readAll({ filter: { types: ["BasketFilled"] }, raw: true }).toArray()).map(({ type }) => type)).toEqual(["BasketFilled"]);
  });

  test("by data finds older versions by what they are today, part by part", async ({ store, reader }) => {
    await store.appendToStream("cart-1", [added("tea"), basket("jam", "tea"), added("jam"), touched]);
    const found = await reader.readAll({ filter: { types: ["ItemAdded"], data: { sku: "tea" } } }).toArray();
    expect(found.map(told)).toEqual(['1 ItemAdded {"sku":"tea","quantity":1}', '2.1 ItemAdded {"sku":"tea","quantity":1}']);
    expect(await reader.readAll({ filter: { types: ["ItemAdded"], data: { item: "tea" } } }).toArray()).toEqual([]);
    expect(await reader.readAll({ filter: { types: ["ItemAdded"], data: { sku: "tea" } }, limit: 1 }).toArray()).toHaveLength(1);
    expect((await reader.readAll({ filter: { data: { quantity: 1 } }, direction: "backward", limit: 2 }).toArray()).map(({ version }) => version)).toEqual([
      3, 2, 2,
    ]);
  });

  test("holds as a whole in each of its alternatives", async ({ store, reader }) => {
    await store.appendToStream("cart-1", [
      { ...basket("jam"), tags: ["b"] },
      { ...added("tea"), tags: ["a"] },
    ]);
    const filter = [
      { types: ["ItemAdded"], tags: ["a"] },
      { tags: ["b"], data: { sku: "oil" } },
    ];
    expect((await reader.readAll({ filter }).toArray()).map(({ version }) => version)).toEqual([2]);
  });
});

describe("a boundary with a catalogue", () => {
  const query = [{ types: ["ItemAdded"], tags: ["cart:1"] }];

  test("holds what is stored under a retired name, and counts what is stored", async ({ store, reader }) => {
    const tags = ["cart:1"];
    await store.appendToStream("cart-1", [{ ...basket("jam", "rye"), tags }, { ...touched, tags }, { ...added("tea"), tags }, added("oil")]);
    const { events } = await reader.readBoundary(query);
    expect(events.map(({ version }) => version)).toEqual([1, 1, 3]);
    expect((await reader.readBoundary([{ types: ["ItemAdded"] }])).events.map(({ version }) => version)).toEqual([1, 1, 3, 4]);
    const stored = await reader.readBoundary(query, { raw: true });
    expect(stored.events.map(({ type }) => type)).toEqual(["BasketFilled", "ItemAdded"]);
    const old = await reader.readBoundary(query, { as: { ItemAdded: 1 } });
    expect(old.events.map(({ data }) => data)).toEqual([{ item: "jam" }, { item: "rye" }, { item: "tea" }]);
  });

  test("counts stored events above the mark, whatever they became", async ({ store, databaseUrl, schema }) => {
    const { database } = await open(databaseUrl);
    await using _closing = { [Symbol.asyncDispose]: () => database.close() };
    const tags = ["cart:1"];
    await store.appendToStream("cart-1", [{ ...added("tea"), tags }]);
    const mark = await store.highWaterMark();
    await store.appendToStream("cart-1", [
      { ...basket("jam", "rye"), tags },
      { ...basket(), tags },
      { ...touched, tags },
    ]);
    const reader = new Reader({ queryable: database, statements: new StatementsBySize(schema), codec: today, tenant: "", mark: async () => mark });
    const { events, boundary } = await reader.readBoundary(query);
    expect(events.map(({ version }) => version)).toEqual([1, 2, 2]);
    expect(boundary).toEqual({ mark, above: 2 });
  });
});

describe("a fold with a catalogue", () => {
  const counting = { initialState: () => 0, evolve: (count: number) => count + 1 };

  test("has the version of what is stored", async ({ store, reader }) => {
    await store.appendToStream("cart-1", [basket("jam", "rye"), added("tea"), touched]);
    expect(await reader.aggregateStream("cart-1", counting)).toEqual({ state: 3, version: 3, exists: true });
    expect(await reader.aggregateStream("cart-1", { ...counting, toVersion: 1 })).toEqual({ state: 2, version: 1, exists: true });
    expect(await reader.aggregateStream("cart-1", { ...counting, raw: true })).toEqual({ state: 3, version: 3, exists: true });
    await store.appendToStream("cart-2", [touched]);
    expect(await reader.aggregateStream("cart-2", counting)).toEqual({ state: 0, version: 1, exists: true });
    expect(await reader.aggregateStream("cart-3", counting)).toEqual({ state: 0, version: 0, exists: false });
  });

  test("goes on behind all parts of an event, and behind one that became none", async ({ store, reader }) => {
    await store.appendToStream("cart-1", [basket("jam", "rye"), touched]);
    const first = await reader.aggregateStream("cart-1", { ...counting, toVersion: 1 });
    expect(await reader.aggregateStream("cart-1", { ...counting, from: first })).toEqual({ state: 2, version: 2, exists: true });
    const second = await reader.aggregateStream("cart-1", counting);
    expect(await reader.aggregateStream("cart-1", { ...counting, from: second })).toEqual({ state: 2, version: 2, exists: true });
    await store.appendToStream("cart-1", [added("tea")]);
    expect(await reader.aggregateStream("cart-1", { ...counting, from: second })).toEqual({ state: 3, version: 3, exists: true });
    await expect(reader.aggregateStream("cart-1", { ...counting, from: { state: 0, version: 4 } })).rejects.toThrow("no event of this version");
  });
});
