import pg from "pg";
import { defineProjection, documentProjection, type DocumentProjection, type Event, type EventStore } from "tidemark";
import type { EventCodec } from "../../src/catalogue/event-codec.ts";
import { sampleCodec } from "./sample-codec.ts";
import { describe, eventually, expect, test } from "./test.ts";

type Items = Event<"ItemAdded", { readonly sku: string; readonly quantity: number }>;
type Opened = Event<"CartCreated", { readonly by: string }>;

/** How often each thing was added, and by which event's parts. */
interface Stock {
  readonly quantity: number;
  readonly from: readonly string[];
}

function stock(mode: "inline" | "async", sku = (event: { readonly data: Items["data"] }): string => event.data.sku): DocumentProjection<Stock> {
  return documentProjection<Stock, Items | Opened>({
    name: "stock",
    mode,
    collection: "stock",
    handles: ["ItemAdded"],
    documentId: (event) => (event.type === "ItemAdded" ? sku(event) : null),
    evolve(document, { type, data, version, part }) {
      if (type !== "ItemAdded") throw new Error(`it does not handle ${type}`);
      return { quantity: (document?.quantity ?? 0) + data.quantity, from: [...(document?.from ?? []), `${version}.${part ?? "-"}`] };
    },
  });
}

async function writeOld(store: EventStore): Promise<void> {
  await store.appendToStream("cart-1", [
    { type: "CartOpened", data: { by: "ada" } },
    { type: "BasketFilled", data: { skus: ["tea", "jam", "tea"] } },
    { type: "CartTouched", data: {} },
    { type: "ItemAdded", data: { item: "jam" } },
  ]);
}

const expected = { tea: { quantity: 2, from: ["2.0", "2.2"] }, jam: { quantity: 2, from: ["2.1", "4.-"] } };

async function stocked(store: EventStore, source: DocumentProjection<Stock>): Promise<unknown> {
  return { tea: await store.documents(source).get("tea"), jam: await store.documents(source).get("jam") };
}

/** Today's code, which writes what it is given, as another version's process would. */
function writingOld(codec: EventCodec): EventCodec {
  return { ...codec, encode: undefined };
}

describe("an async projection of events that outlived their code", () => {
  test("is made of what today's code knows, of its own types alone", async ({ store, openWith, sql, schema }) => {
    await writeOld(store);
    const source = stock("async");
    const today = await openWith(sampleCodec("today"), { projections: [source] });
    const worker = today.createWorker();
    await worker.start();
    await worker.caughtUp();
    expect(await stocked(today, source)).toMatchObject(expected);
    expect(worker.counts()).toMatchObject([{ handled: 2 }]);
    await worker.stop();
    // What is kept of its filter is its own.
    const { rows } = await sql.query(`select definition -> 'filter' as filter from ${pg.escapeIdentifier(schema)}.projections`);
    expect(rows).toEqual([{ filter: [{ types: ["ItemAdded"] }] }]);
  });

  test("gets the shapes that its code still knows", async ({ store, openWith }) => {
    await writeOld(store);
    const seen: string[] = [];
    const source = defineProjection({
      name: "old",
      mode: "async",
      handles: ["ItemAdded"],
      as: { ItemAdded: 1 },
      handleBatch: (events) => void seen.push(...events.map(({ data, schemaVersion }) => `${schemaVersion} ${JSON.stringify(data)}`)),
    });
    const today = await openWith(sampleCodec("today"), { projections: [source] });
    const worker = today.createWorker();
    await worker.start();
    await worker.caughtUp();
    await worker.stop();
    expect(seen).toEqual(["tea", "jam", "tea", "jam"].map((item) => `1 {"item":"${item}"}`));
  });

  test("stops at an event that cannot be decoded or is unknown, without trying again, and goes on with mended code", async ({ store, openWith }) => {
    await store.appendToStream("cart-1", [
      { type: "ItemAdded", data: { item: "tea" } },
      { type: "ItemSpoiled", data: {} },
    ]);
    const seen: string[] = [];
    const source = defineProjection({ name: "seen", mode: "async", handles: ["ItemAdded", "ItemSpoiled"], handle: ({ type }) => void seen.push(type) });
    const today = await openWith(sampleCodec("today"), { projections: [source] });
    const worker = today.createWorker({ onError: () => {} });
    await worker.start();
    await expect(worker.caughtUp()).rejects.toThrow(
      /position 2: the step from 1 to 2 failed\. It was not tried again: .* The projection stops here until you call store\.projections\.resume/,
    );
    await worker.stop();
    expect([seen, worker.counts()]).toMatchObject([["ItemAdded"], [{ handled: 1, retried: 0 }]]);
    const mended = await openWith(sampleCodec("yesterday"), { projections: [source] });
    const next = mended.createWorker();
    await next.start();
    await next.caughtUp();
    await next.stop();
    expect(seen).toEqual(["ItemAdded", "ItemSpoiled"]);
  });
});

describe("an inline projection of events that outlived their code", () => {
  test("is caught up with from the log, and goes live", async ({ store, openWith }) => {
    await writeOld(store);
    const source = stock("inline");
    const today = await openWith(sampleCodec("today"), { projections: [source] });
    await eventually(async () => expect(await today.projections.get("stock")).toMatchObject({ state: "live" }));
    expect(await stocked(today, source)).toMatchObject(expected);
  });

  test("gets the last events while it goes live as all others", async ({ store, openWith }) => {
    const seen: string[] = [];
    const source = defineProjection({
      name: "seen",
      mode: "inline",
      handles: ["ItemAdded"],
      handle: ({ type, schemaVersion, version, part }) => void seen.push(`${type} ${schemaVersion}, ${version}.${part ?? "-"}`),
    });
    const today = await openWith(sampleCodec("today"), { projections: [source] });
    await today.projections.pause("seen");
    await writeOld(store);
    await today.projections.resume("seen");
    await eventually(async () => expect(await today.projections.get("seen")).toMatchObject({ state: "live" }));
    // A try that gave the gate back would begin again.
    expect([...new Set(seen)]).toEqual(["ItemAdded 2, 2.0", "ItemAdded 2, 2.1", "ItemAdded 2, 2.2", "ItemAdded 2, 4.-"]);
  });

  test("gets an append's own events as a reading would give them", async ({ openWith }) => {
    const source = stock("inline");
    const today = await openWith(writingOld(sampleCodec("today")), { projections: [source] });
    await eventually(async () => expect(await today.projections.get("stock")).toMatchObject({ state: "live" }));
    await writeOld(today);
    expect(await stocked(today, source)).toMatchObject(expected);
    await today.transaction(async (tx) => {
      await tx.appendToStream("cart-2", [{ type: "BasketFilled", data: { skus: ["rye"] } }]);
      expect(await tx.documents(source).get("rye")).toMatchObject({ quantity: 1, from: ["1.-"] });
    });
  });

  test("of a handler gets the parts of an append's events in order", async ({ openWith, sql, schema }) => {
    const table = `${pg.escapeIdentifier(schema)}.seen`;
    const source = defineProjection<Items, "ItemAdded">({
      name: "seen",
      mode: "inline",
      handles: ["ItemAdded"],
      setup: async (tx) => void (await tx.query(`create table ${table} (id int generated always as identity, what text)`)),
      handle: async ({ data, version, part }, tx) =>
        void (await tx.query(`insert into ${table} (what) values ($1)`, [`${version}.${part ?? "-"} ${data.sku}`])),
    });
    const today = await openWith(writingOld(sampleCodec("today")), { projections: [source] });
    await eventually(async () => expect(await today.projections.get("seen")).toMatchObject({ state: "live" }));
    await writeOld(today);
    const { rows } = await sql.query<{ what: string }>(`select what from ${table} order by id`);
    expect(rows.map(({ what }) => what)).toEqual(["2.0 tea", "2.1 jam", "2.2 tea", "4.- jam"]);
  });

  test("refuses an append whose events it cannot decode, and no other", async ({ openWith, store }) => {
    const source = documentProjection({
      name: "spoiled",
      mode: "inline",
      collection: "spoiled",
      handles: ["ItemSpoiled"],
      documentId: ({ streamId }) => streamId,
      evolve: () => ({}),
    });
    const today = await openWith(writingOld(sampleCodec("today")), { projections: [source] });
    await eventually(async () => expect(await today.projections.get("spoiled")).toMatchObject({ state: "live" }));
    const outcomes = await Promise.allSettled([
      today.appendToStream("cart-1", [{ type: "ItemSpoiled", data: {} }]),
      today.appendToStream("cart-2", [{ type: "ItemAdded", data: { item: "tea" } }]),
    ]);
    expect(outcomes).toMatchObject([
      { status: "rejected", reason: { code: "PROJECTION_FAILED", cause: { message: "the step from 1 to 2 failed" } } },
      { status: "fulfilled" },
    ]);
    expect((await store.readAll().toArray()).map(({ streamId }) => streamId)).toEqual(["cart-2"]);
  });

  test("cannot name documents by what a step takes from the moment of writing", async ({ openWith }) => {
    const codec = writingOld(sampleCodec("today"));
    const dated: EventCodec = {
      ...codec,
      decoder(options) {
        const { filter, decode } = codec.decoder(options);
        return {
          filter,
          decode(event, into) {
            const before = into.length;
            decode?.(event, into);
            for (let at = before; at < into.length; at++) {
              const part = into[at];
              if (part) into[at] = { ...part, data: { sku: `of-${event.recordedAt.getFullYear()}`, quantity: 1 } };
            }
          },
        };
      },
    };
    const source = stock("inline");
    const today = await openWith(dated, { projections: [source] });
    await eventually(async () => expect(await today.projections.get("stock")).toMatchObject({ state: "live" }));
    await expect(today.appendToStream("cart-1", [{ type: "ItemAdded", data: { item: "tea" } }])).rejects.toThrow(
      /recordedAt, which it has only once it is written/,
    );
  });
});
