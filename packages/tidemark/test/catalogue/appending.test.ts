import pg from "pg";
import { createCodec } from "../../src/catalogue/create-codec.ts";
import { type EventCodec, plainEvents } from "../../src/catalogue/event-codec.ts";
import { asDate, defineEvents, event, type RecordedEvent, type StandardSchema } from "../../src/index.ts";
import { lockStream, waitersFor } from "../append/test.ts";
import { rejection } from "../database/open.ts";
import { sampleCodec } from "./sample-codec.ts";
import { describe, expect, test } from "./test.ts";

/** Refuses data without a sku, and stores the rest as version 3 with a default. */
function checkingCodec(wait?: (data: object) => Promise<unknown>): EventCodec {
  const shape = (data: unknown, at: () => string) => {
    if (typeof data !== "object" || data === null || !("sku" in data)) throw new RangeError(`${at()}.sku is missing`);
    return { data: { quantity: 1, ...data }, schemaVersion: 3 };
  };
  return {
    ...plainEvents,
    encode: (type, data, at) => (wait && data instanceof Object ? wait(data).then(() => shape(data, at)) : shape(data, at)),
  };
}

const tea = { type: "ItemAdded", data: { sku: "tea" } };
const wrong = { type: "ItemAdded", data: {} };

describe("an append to a store with a catalogue", () => {
  test("stores what the schema returns, with the version of its shape, in each way to append", async ({ openWith }) => {
    const store = await openWith(checkingCodec());
    const told: RecordedEvent[] = [];
    const onRecorded = (events: readonly RecordedEvent[]): void => void told.push(...events);
    await store.appendToStream("cart-1", [tea], { onRecorded });
    await store.appendToStream("cart-2", [tea, tea], { onRecorded });
    await store.appendToStreams(
      [
        { streamId: "cart-3", events: [tea] },
        { streamId: "cart-4", events: [tea], expectedVersion: "no-stream" },
      ],
      { onRecorded },
    );
    await store.append([tea], { streamId: "cart-5", condition: { query: [{ types: ["CartConfirmed"] }] }, onRecorded });
    await store.appendToStream("cart-6", [{ ...tea, id: "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78" }], { onRecorded });
    await Promise.all([store.appendToStream("cart-7", [tea], { onRecorded }), store.appendToStream("cart-8", [tea], { onRecorded })]);
    await store.transaction(async (tx) => {
      await tx.appendToStream("cart-9", [tea], { onRecorded });
      await tx.append([tea], { streamId: "cart-9", condition: { query: [{ types: ["CartConfirmed"] }] }, onRecorded });
    });
    const stored = await store.readAll().toArray();
    expect(stored).toHaveLength(11);
    expect(stored.map(({ data, schemaVersion }) => ({ data, schemaVersion }))).toEqual(
      stored.map(() => ({ data: { quantity: 1, sku: "tea" }, schemaVersion: 3 })),
    );
    expect(told.toSorted((a, b) => a.position - b.position)).toEqual(stored);
  });

  test("and events of several versions keeps each event's own", async ({ openWith }) => {
    const byName: EventCodec = { ...plainEvents, encode: (type, data) => ({ data, schemaVersion: Number(type.slice(1)) }) };
    const store = await openWith(byName);
    const ofVersion = (n: number) => ({ type: `V${n}`, data: {} });
    await store.appendToStreams([
      { streamId: "b-1", events: [1, 4].map(ofVersion) },
      { streamId: "a-1", events: [2, 1, 3].map(ofVersion) },
    ]);
    await Promise.all([5, 1, 6].map((n) => store.appendToStream(`one-${n}`, [ofVersion(n)])));
    const found = await store.readAll().toArray();
    expect(found.filter(({ type, schemaVersion }) => type !== `V${schemaVersion}`)).toEqual([]);
    expect(found).toHaveLength(8);
  });

  test("is refused with the path of its data, and nothing of it is written", async ({ openWith }) => {
    const store = await openWith(checkingCodec());
    expect(String(await rejection(store.appendToStream("cart-1", [tea, tea, wrong])))).toContain("events[2].data.sku is missing");
    const parts = [
      { streamId: "cart-1", events: [tea] },
      { streamId: "cart-2", events: [wrong] },
    ];
    expect(String(await rejection(store.appendToStreams(parts)))).toContain("appends[1].events[0].data.sku is missing");
    expect(String(await rejection(store.append([wrong], { streamId: "cart-1" })))).toContain("events[0].data.sku is missing");
    expect(await store.readAll().toArray()).toEqual([]);
  });

  test("leaves its neighbours in the batch unharmed when it is refused", async ({ openWith }) => {
    const store = await openWith(checkingCodec());
    const calls = Array.from({ length: 20 }, (_, n) => store.appendToStream(`cart-${n}`, [n === 7 ? wrong : tea]));
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, (_, n) => (n === 7 ? "rejected" : "fulfilled")));
    expect(await store.readAll().toArray()).toHaveLength(19);
  });

  test("of what is no event has the errors of a store without one", async ({ openWith, store: plain }) => {
    const store = await openWith(checkingCodec());
    // oxlint-disable-next-line typescript/no-explicit-any -- what JavaScript can pass
    const wrongs: any[] = [
      null,
      [null],
      [{ data: {} }],
      [{ type: "", data: {} }],
      [{ ...tea, position: 3 }],
      [{ ...tea, meta: {} }],
      [{ ...tea, id: "1" }],
      [{ ...tea, tags: "a" }],
      [{ ...tea, metadata: 3 }],
    ];
    for (const events of wrongs) {
      expect(String(await rejection(store.appendToStream("cart-1", events)))).toBe(String(await rejection(plain.appendToStream("cart-1", events))));
      const [given, other] = await Promise.all([store, plain].map((to) => rejection(to.appendToStreams([{ streamId: "cart-1", events }]))));
      expect(String(given)).toBe(String(other));
    }
    // oxlint-disable-next-line typescript/no-explicit-any -- the same
    const appends: any[] = [null, [null], [{ streamId: "cart-1" }], [{ streamId: "cart-1", events: [tea], expected: 1 }]];
    for (const parts of appends) {
      expect(String(await rejection(store.appendToStreams(parts)))).toBe(String(await rejection(plain.appendToStreams(parts))));
    }
  });
});

describe("the version of a shape is kept", () => {
  const bad = { type: "Bad", data: { sku: "tea" } };

  test("by appends that are sent one by one, because PostgreSQL refused their batch", async ({ openWith, sql, schema }) => {
    const store = await openWith(checkingCodec());
    await sql.query(`alter table ${pg.escapeIdentifier(schema)}.events add constraint no_bad check (type <> 'Bad')`);
    const calls = [[tea, tea], [bad], [tea]].map((each, n) => store.appendToStream(`cart-${n}`, each));
    expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((await store.readAll().toArray()).map(({ streamId, schemaVersion }) => [streamId, schemaVersion])).toEqual([
      ["cart-0", 3],
      ["cart-0", 3],
      ["cart-2", 3],
    ]);
  });

  test("by an append that waits for a stream that another transaction holds", async ({ openWith, sql, schema }) => {
    const store = await openWith(checkingCodec());
    await store.appendToStream("cart-1", [tea]);
    const client = await sql.connect();
    try {
      await lockStream(client, pg.escapeIdentifier(schema), "cart-1");
      const append = store.appendToStream("cart-1", [tea]);
      await waitersFor(sql, 1);
      await client.query("rollback");
      await append;
    } finally {
      client.release(true);
    }
    expect((await store.readAll().toArray()).map(({ schemaVersion }) => schemaVersion)).toEqual([3, 3]);
  });
});

describe("an append whose schema is asynchronous", () => {
  test("is written once all of its events were looked at", async ({ openWith }) => {
    const gate = Promise.withResolvers<void>();
    const store = await openWith(checkingCodec(() => gate.promise));
    let settled = false;
    const append = store
      .appendToStreams([
        { streamId: "cart-1", events: [tea, tea] },
        { streamId: "cart-2", events: [tea] },
      ])
      .finally(() => {
        settled = true;
      });
    expect(await store.readAll().toArray()).toEqual([]);
    expect(settled).toBe(false);
    gate.resolve();
    await append;
    expect((await store.readAll().toArray()).map(({ schemaVersion }) => schemaVersion)).toEqual([3, 3, 3]);
  });

  test("stores the tags and the metadata that the event had at the call", async ({ openWith }) => {
    const gate = Promise.withResolvers<void>();
    const store = await openWith(checkingCodec(() => gate.promise));
    const metadata = { actorId: "ada", by: { roles: ["owner"] } };
    const tags = ["cart:1"];
    const append = store.appendToStream("cart-1", [{ ...tea, metadata, tags }]);
    Object.assign(metadata, { actorId: "eve" });
    metadata.by.roles.push("guest");
    tags.push("cart:2");
    gate.resolve();
    await append;
    expect(await store.readAll().toArray()).toMatchObject([{ metadata: { actorId: "ada", by: { roles: ["owner"] } }, tags: ["cart:1"] }]);
  });

  test("stores the data that the event had at the call, also of events with synchronous schemas beside it", async ({ openWith }) => {
    const gate = Promise.withResolvers<void>();
    const asked: unknown[] = [];
    const late = async (value: unknown): Promise<{ readonly value: unknown }> => {
      asked.push(value);
      await gate.promise;
      return { value };
    };
    const schema = (validate: StandardSchema["~standard"]["validate"]): StandardSchema => ({ "~standard": { version: 1, vendor: "test", validate } });
    const isLate = (value: unknown): boolean => JSON.stringify(value).includes("late");
    const store = await openWith(
      createCodec(
        defineEvents({
          Late: { schema: schema(late), stored: { "lines[].at": asDate } },
          Either: schema((value) => (isLate(value) ? late(value) : { value })),
          AtOnce: schema((value) => ({ value })),
          Plain: event<object>(),
        }),
      ),
    );
    const at = new Date(0);
    const line = { at, colours: ["red"] };
    const data = { sku: "tea", lines: [line], of: { late: 1 } };
    // By now it is known to answer at once.
    await store.appendToStream("cart-0", [{ type: "Either", data: { sku: "jam" } }]);
    const metadata = { by: { roles: ["owner"] } };
    const append = store.appendToStream("cart-1", [
      { type: "Late", data },
      { type: "Either", data: data.of },
      { type: "AtOnce", data: data.of, metadata },
      { type: "Plain", data: data.of },
    ]);
    data.sku = "changed";
    data.of.late = 2;
    data.lines.push(line);
    at.setFullYear(1999);
    line.colours.push("blue");
    metadata.by.roles.push("guest");
    gate.resolve();
    await append;
    const stored = await store.readStream("cart-1", { raw: true }).toArray();
    expect(stored.map(({ data: kept }) => kept)).toEqual([
      { sku: "tea", lines: [{ at: "1970-01-01T00:00:00.000Z", colours: ["red"] }], of: { late: 1 } },
      { late: 1 },
      { late: 1 },
      { late: 1 },
    ]);
    expect(stored[2]?.metadata).toMatchObject({ by: { roles: ["owner"] } });
    // What was given to a schema before it was known to be asynchronous is given again.
    expect(asked).toHaveLength(3);
  });

  test("names metadata and tags that cannot be stored as an append without a catalogue does", async ({ openWith }) => {
    const store = await openWith(checkingCodec(() => Promise.resolve()));
    for (const [more, message] of [
      [{ metadata: { at: new Date(0) } }, "events[0].metadata.at is an object of class Date"],
      [{ metadata: 7 }, "events[0].metadata must be a plain object, not 7"],
      [{ tags: "cart:1" }, "events[0].tags must be an array of tags"],
    ] as const) {
      expect(String(await rejection(store.appendToStream("cart-1", [Object({ ...tea, ...more })])))).toContain(message);
    }
  });

  test("rejects with what is wrong with the first wrong event, whichever is found first", async ({ openWith }) => {
    const first = Promise.withResolvers<void>();
    const store = await openWith(checkingCodec((data) => ("late" in data ? first.promise : Promise.resolve())));
    const append = rejection(store.appendToStream("cart-1", [tea, { type: "ItemAdded", data: { late: true } }, wrong]));
    first.resolve();
    expect(String(await append)).toContain("events[1].data.sku is missing");
    expect(await store.readAll().toArray()).toEqual([]);
  });

  test("leaves no rejection unhandled when another event is refused at once", async ({ openWith }) => {
    const store = await openWith(checkingCodec(() => Promise.reject(new Error("the schema failed"))));
    const refused = await rejection(store.appendToStream("cart-1", [tea, { type: "ItemAdded", data: null }]));
    expect(String(refused)).toContain("events[1].data.sku is missing");
  });

  test("rejects with the signal's reason when it is aborted meanwhile, and is never sent", async ({ openWith }) => {
    const gate = Promise.withResolvers<void>();
    const store = await openWith(checkingCodec(() => gate.promise));
    const control = new AbortController();
    const append = rejection(store.appendToStream("cart-1", [tea], { signal: control.signal }));
    control.abort(new RangeError("no time"));
    expect(await append).toMatchObject({ message: "no time" });
    gate.resolve();
    await store.appendToStream("cart-2", [tea]);
    expect((await store.readAll().toArray()).map(({ streamId }) => streamId)).toEqual(["cart-2"]);
  });

  test("is waited for by the transaction that did not await it, and rolls it back when it is refused", async ({ openWith }) => {
    const gate = Promise.withResolvers<void>();
    const store = await openWith(checkingCodec(() => gate.promise));
    const committed = store.transaction(async (tx) => {
      void tx.appendToStream("cart-1", [tea]);
      gate.resolve();
    });
    await committed;
    expect(await store.readAll().toArray()).toHaveLength(1);
    const refused = store.transaction(async (tx) => {
      await tx.appendToStream("cart-1", [tea]);
      void tx.appendToStream("cart-1", [wrong]).catch(() => {});
    });
    expect(String(await rejection(refused))).toContain("events[0].data.sku is missing");
    expect(await store.readAll().toArray()).toHaveLength(1);
  });
});

describe("a condition by types", () => {
  const opened = { type: "CartOpened", data: {}, tags: ["cart:1"] };
  const created = { type: "CartCreated", data: {}, tags: ["cart:1"] };

  test("also fails on what is stored under a retired name that became the type", async ({ openWith }) => {
    const yesterday = await openWith(sampleCodec("yesterday"));
    const today = await openWith(sampleCodec("today"));
    await yesterday.append([opened]);
    const refused = await rejection(today.append([created], { condition: { query: [{ types: ["CartCreated"], tags: ["cart:1"] }] } }));
    expect(refused).toMatchObject({ code: "CONDITION_FAILED", type: "CartOpened" });
    await today.append([{ ...created, tags: ["cart:2"] }], { condition: { query: [{ types: ["CartCreated"], tags: ["cart:2"] }] } });
  });
});

test("a condition that names more types than it can lock, with the retired ones, is refused", async ({ openWith }) => {
  const many: EventCodec = { ...checkingCodec(), storedTypes: (types) => types.flatMap((type) => Array.from({ length: 501 }, (_, n) => `${type}${n}`)) };
  const store = await openWith(many);
  const refused = await rejection(store.append([tea], { streamId: "cart-1", condition: { query: [{ types: ["ItemAdded"] }] } }));
  expect(refused).toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining("options.condition.query has 501 types") });
});
