import { randomUUID } from "node:crypto";
import { isTidemarkError } from "tidemark";
import { added, describe, expect, rejection, test, times, waitersFor } from "./test.ts";

const withId = (n: number, id: string = randomUUID()) => ({ ...added(n), id });

describe("an append that is repeated with its ids", () => {
  test("gives the first result and writes nothing, whatever has been appended since", async ({ store, openStore, log }) => {
    const events = times(3, (n) => withId(n));
    const first = await store.appendToStream("cart-1", events, { expectedVersion: 0 });
    await store.appendToStream("cart-1", [added()]);
    const other = await openStore();
    for (const each of [store, other]) expect(await each.appendToStream("cart-1", events, { expectedVersion: 0 })).toEqual(first);
    expect(await log()).toHaveLength(4);
  });

  test("may have other metadata, and its ids in another spelling", async ({ store, log }) => {
    const id = randomUUID();
    const first = await store.appendToStream("cart-1", [{ ...withId(1, id), metadata: { traceparent: "one" } }]);
    expect(await store.appendToStream("cart-1", [{ ...withId(1, `{${id.toUpperCase()}}`), metadata: { traceparent: "two" } }])).toEqual(first);
    expect(await log()).toHaveLength(1);
  });

  test("may have its data written in another order of keys", async ({ store }) => {
    const id = randomUUID();
    const first = await store.appendToStream("cart-1", [{ id, type: "T", data: { a: 1, b: [{ c: 2, d: "\u0001" }] } }]);
    expect(await store.appendToStream("cart-1", [{ id, type: "T", data: { b: [{ d: "\u0001", c: 2 }], a: 1 } }])).toEqual(first);
  });

  test("is written once when all tries come at the same time, from two stores", async ({ store, openStore, log }) => {
    const other = await openStore();
    for (let round = 0; round < 20; round++) {
      const events = times(2, (n) => withId(n));
      const results = await Promise.all(times(6, (n) => (n % 2 === 0 ? store : other).appendToStream(`cart-${round}`, events)));
      expect(new Set(results.map(({ version, position }) => `${version} ${position}`)).size).toBe(1);
    }
    expect(await log()).toHaveLength(40);
  });

  test("is written once when two tries come at the same time, whatever version they expect", async ({ store, log }) => {
    for (const [round, expectedVersion] of ([0, "no-stream", "any"] as const).entries()) {
      const events = times(2, (n) => withId(n));
      const [first, ...others] = await Promise.all(times(3, () => store.appendToStream(`cart-${round}`, events, { expectedVersion })));
      for (const other of others) expect(other).toEqual(first);
    }
    expect(await log()).toHaveLength(6);
  });

  test("gives the first result of streams that it only read, whatever they have become", async ({ store }) => {
    await store.appendToStream("read", [added(), added()]);
    const appends = [
      { streamId: "read", events: [], expectedVersion: 2 },
      { streamId: "never", events: [], expectedVersion: 0 },
      { streamId: "written", events: [withId(1)] },
    ];
    const first = await store.appendToStreams(appends);
    expect(first).toMatchObject([{ version: 2 }, { version: 0 }, { version: 1 }]);
    await store.appendToStream("read", [added()]);
    await store.appendToStream("never", [added()]);
    expect(await store.appendToStreams(appends)).toEqual(first);
  });

  test("over several streams gives each stream's first result, in the order asked for now", async ({ store, log }) => {
    const [a, b] = [times(2, (n) => withId(n)), times(3, (n) => withId(n))];
    const [resultA, resultB] = await store.appendToStreams([
      { streamId: "a", events: a, expectedVersion: 0 },
      { streamId: "b", events: b, expectedVersion: "no-stream" },
    ]);
    await store.appendToStream("a", [added()]);
    expect(
      await store.appendToStreams([
        { streamId: "b", events: b, expectedVersion: 0 },
        { streamId: "a", events: a, expectedVersion: 0 },
      ]),
    ).toEqual([resultB, resultA]);
    expect(await log()).toHaveLength(6);
  });

  test("is another append for another tenant", async ({ store, sql, q }) => {
    const events = [withId(1)];
    for (const tenant of ["", "acme", "zeta"]) expect(await store.forTenant(tenant).appendToStream("cart-1", events)).toMatchObject({ version: 1 });
    const { rows } = await sql.query(`select count(*)::int as n, count(distinct id)::int as ids from ${q}.events`);
    expect(rows).toEqual([{ n: 3, ids: 1 }]);
  });
});

describe("an id that exists", () => {
  const [first, second] = [withId(1), withId(2)];
  const tagged = { ...withId(3), tags: ["cart:1", "sku:9"] };
  const cases: readonly (readonly [string, readonly { streamId: string; events: readonly object[] }[]])[] = [
    ["with other data", [{ streamId: "cart-1", events: [{ ...first, data: { n: 9 } }, second, tagged] }]],
    ["with another type", [{ streamId: "cart-1", events: [first, { ...second, type: "ItemRemoved" }, tagged] }]],
    ["with other tags", [{ streamId: "cart-1", events: [first, second, { ...tagged, tags: ["cart:1"] }] }]],
    ["with other tags", [{ streamId: "cart-1", events: [{ ...first, tags: ["cart:1"] }, second, tagged] }]],
    ["in another stream", [{ streamId: "cart-2", events: [first, second, tagged] }]],
    ["in another order", [{ streamId: "cart-1", events: [second, first, tagged] }]],
    ["in another order", [{ streamId: "cart-1", events: [first, tagged] }]],
    ["with only a part of this append", [{ streamId: "cart-1", events: [first, second, tagged, added(4)] }]],
    [
      "with only a part of this append",
      [
        { streamId: "cart-1", events: [first, second, tagged] },
        { streamId: "cart-2", events: [added(5)] },
      ],
    ],
  ];
  test.for(cases)("%s: the append is refused and nothing is written", async ([difference, appends], { store, log }) => {
    await store.appendToStream("cart-1", [first, second, tagged]);
    const before = await log();
    const typed = appends.map(({ streamId, events }) => ({ streamId, events: events.map((event) => ({ ...added(), ...event })) }));
    const error = await rejection(store.appendToStreams(typed));
    expect(error).toMatchObject({ code: "DUPLICATE_EVENT", message: expect.stringContaining(difference) });
    if (!isTidemarkError(error, "DUPLICATE_EVENT")) throw error;
    expect(before.map(({ id }) => id)).toContain(error.eventId);
    expect(await log()).toEqual(before);
  });

  test("is told from a conflict: it is looked up first", async ({ store }) => {
    await store.appendToStream("cart-1", [first]);
    expect(await rejection(store.appendToStream("cart-1", [{ ...first, data: { n: 9 } }], { expectedVersion: 7 }))).toMatchObject({
      code: "DUPLICATE_EVENT",
      eventId: first.id,
      streamId: "cart-1",
    });
    expect(await rejection(store.appendToStream("cart-1", [withId(2)], { expectedVersion: 7 }))).toMatchObject({ code: "VERSION_CONFLICT" });
  });

  test("harms none of the appends that share its batch", async ({ store, log }) => {
    const known = withId(1);
    const earlier = await store.appendToStream("cart-1", [known]);
    const ids = times(60, (n) => (n === 20 || n === 40 ? known.id : randomUUID()));
    const settled = await Promise.allSettled(ids.map((id, n) => store.appendToStream(n === 40 ? "cart-1" : `new-${n}`, [withId(n === 40 ? 1 : n, id)])));
    expect(settled.filter(({ status }) => status === "rejected")).toHaveLength(1);
    expect(settled[20]).toMatchObject({ reason: { code: "DUPLICATE_EVENT", eventId: known.id, streamId: "new-20" } });
    expect(settled[40]).toEqual({ status: "fulfilled", value: earlier });
    expect(await log()).toHaveLength(59);
  });

  test("twice in one burst, in two streams, is written once", async ({ store, log }) => {
    const settled = await Promise.allSettled(times(40, (n) => store.appendToStream(`cart-${n}`, [withId(n < 2 ? 0 : n, n < 2 ? first.id : randomUUID())])));
    expect(settled.map(({ status }) => status).filter((status) => status === "rejected")).toHaveLength(1);
    expect(settled.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "DUPLICATE_EVENT", eventId: first.id } });
    expect(await log()).toHaveLength(39);
  });

  test("in a transaction that is still open is waited for", async ({ store, openStore, sql, log }) => {
    const other = await openStore();
    const appended = await store.transaction(async (tx) => {
      await tx.appendToStream("cart-1", [first]);
      const waiting = rejection(other.appendToStream("cart-2", [first]));
      await waitersFor(sql, 1);
      return { waiting };
    });
    expect(await appended.waiting).toMatchObject({ code: "DUPLICATE_EVENT", eventId: first.id, streamId: "cart-2" });
    expect(await log()).toHaveLength(1);
  });
});

describe("ids that the store makes", () => {
  test("by a createId that repeats itself never overwrite or lose an event in silence", async ({ openStore, log }) => {
    const id = randomUUID();
    const store = await openStore({ createId: () => id });
    await store.appendToStream("cart-1", [added(1)]);
    expect(await rejection(store.appendToStream("cart-1", [added(2)]))).toMatchObject({ code: "DUPLICATE_EVENT", eventId: id });
    expect(await rejection(store.appendToStream("cart-2", [added(1)]))).toMatchObject({ code: "DUPLICATE_EVENT", eventId: id });
    expect(await rejection(store.appendToStream("cart-3", [added(1), added(2)]))).toMatchObject({ code: "INVALID_ARGUMENT", path: "createId()" });
    expect(await log()).toMatchObject([{ id, stream: "cart-1" }]);
  });

  test("are version 7, rise with the log and are not looked up", async ({ store, log }) => {
    for (let n = 0; n < 5; n++) await store.appendToStream(`cart-${n}`, times(3, added));
    const ids = (await log()).map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted());
    for (const id of ids) expect(id[14]).toBe("7");
  });
});
