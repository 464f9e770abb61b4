import type { ExpectedVersion } from "../../src/model/event.ts";
import { added, describe, expect, rejection, test, times } from "./test.ts";

/** What an append to a stream of two events is expected to do, and to one that does not exist. */
const expectations: readonly (readonly [ExpectedVersion, onTwo: boolean, onNone: boolean])[] = [
  ["any", true, true],
  ["no-stream", false, true],
  ["stream-exists", true, false],
  [0, false, true],
  [1, false, false],
  [2, true, false],
  [3, false, false],
  [{ unchangedSince: 0 }, false, true],
  [{ unchangedSince: 2 }, true, true],
];

describe("an expectation", () => {
  test.for(expectations)("%j is checked alike alone, in a batch and over several streams", async ([expectedVersion, onTwo, onNone], { store, log }) => {
    await store.appendToStream("two", [added(), added()]);
    const conflict = (streamId: string, actual: number) => ({ code: "VERSION_CONFLICT", streamId, expected: expectedVersion, actual });
    const ways = [
      (streamId: string) => store.appendToStream(streamId, [added()], { expectedVersion }),
      async (streamId: string) =>
        (await Promise.all([store.appendToStream(streamId, [added()], { expectedVersion }), store.appendToStream(`beside-${streamId}`, [added()])]))[0],
      async (streamId: string) =>
        (
          await store.appendToStreams([
            { streamId: `also-${streamId}`, events: [added()] },
            { streamId, events: [added()], expectedVersion },
          ])
        )[1],
    ];
    for (const [index, append] of ways.entries()) {
      // An event of its own, so that each way finds a stream at position 2 or below.
      const streamId = index === 0 ? "two" : `two-${index}`;
      if (index > 0) await store.appendToStream(streamId, [added(), added()]);
      const since = typeof expectedVersion === "object" && index > 0;
      if (!since) {
        const result = append(streamId);
        if (onTwo) expect(await result).toMatchObject({ streamId, version: 3, created: false });
        else expect(await rejection(result)).toMatchObject(conflict(streamId, 2));
      }
      const none = append(`none-${index}`);
      if (onNone) expect(await none).toMatchObject({ streamId: `none-${index}`, version: 1, created: true });
      else expect(await rejection(none)).toMatchObject(conflict(`none-${index}`, 0));
    }
    expect((await log("two")).length).toBe(onTwo ? 3 : 2);
  });

  test("is checked without events too, in one stream and in several", async ({ store, log }) => {
    const { position } = await store.appendToStream("cart-1", [added(), added()]);
    expect(await store.appendToStream("cart-1", [], { expectedVersion: 2 })).toEqual({ streamId: "cart-1", version: 2, position, created: false });
    expect(await store.appendToStream("cart-2", [])).toEqual({ streamId: "cart-2", version: 0, position: 0, created: false });
    expect(await rejection(store.appendToStream("cart-1", [], { expectedVersion: 1 }))).toMatchObject({ code: "VERSION_CONFLICT", actual: 2 });
    const [read, written] = await store.appendToStreams([
      { streamId: "cart-1", events: [], expectedVersion: 2 },
      { streamId: "cart-3", events: [added()] },
    ]);
    expect(read).toEqual({ streamId: "cart-1", version: 2, position, created: false });
    expect(written).toMatchObject({ streamId: "cart-3", version: 1, created: true });
    const failed = store.appendToStreams([
      { streamId: "cart-3", events: [added()] },
      { streamId: "cart-1", events: [], expectedVersion: "no-stream" },
    ]);
    expect(await rejection(failed)).toMatchObject({ code: "VERSION_CONFLICT", streamId: "cart-1", actual: 2 });
    expect(await log("cart-3")).toHaveLength(1);
  });

  test("that a stream does not exist, read without writing, keeps another append from creating it first", async ({ store, openStore, sql, q }) => {
    const other = await openStore();
    const order: string[] = [];
    await store
      .transaction(async (tx) => {
        await tx.appendToStreams([
          { streamId: "guard", events: [], expectedVersion: "no-stream" },
          { streamId: "order-1", events: [added()] },
        ]);
        const creating = other.appendToStream("guard", [added()]).then(() => order.push("created"));
        await other.appendToStream("elsewhere", [added()]);
        order.push("still reading");
        return { creating };
      })
      .then(async ({ creating }) => creating);
    expect(order).toEqual(["still reading", "created"]);
    const { rows } = await sql.query(`select count(*)::int as n from ${q}.streams where name = 'guard'`);
    expect(rows).toEqual([{ n: 1 }]);
  });
});

describe("a conflict", () => {
  test("tells every stream that was not where it was expected, in the caller's order", async ({ store, log }) => {
    await store.appendToStreams([
      { streamId: "b", events: times(2, added) },
      { streamId: "a", events: times(3, added) },
      { streamId: "c", events: [added()] },
    ]);
    const error = await rejection(
      store.appendToStreams([
        { streamId: "z", events: [added()] },
        { streamId: "b", events: [added()], expectedVersion: 1 },
        { streamId: "c", events: [added()], expectedVersion: 1 },
        { streamId: "a", events: [], expectedVersion: "no-stream" },
        { streamId: "absent", events: [added()], expectedVersion: "stream-exists" },
      ]),
    );
    expect(error).toMatchObject({
      code: "VERSION_CONFLICT",
      streamId: "b",
      expected: 1,
      actual: 2,
      conflicts: [
        { streamId: "b", expected: 1, actual: 2 },
        { streamId: "a", expected: "no-stream", actual: 3 },
        { streamId: "absent", expected: "stream-exists", actual: 0 },
      ],
    });
    expect(await log()).toHaveLength(6);
  });

  test("harms none of the appends it shares a transaction with", async ({ store, log }) => {
    await store.appendToStream("cart-1", [added()]);
    const settled = await Promise.allSettled(times(100, (n) => store.appendToStream(n === 50 ? "cart-1" : `new-${n}`, [added(n)], { expectedVersion: 0 })));
    expect(settled.map(({ status }) => status)).toEqual(times(100, (n) => (n === 50 ? "rejected" : "fulfilled")));
    expect(new Set((await log()).map(({ transaction }) => transaction)).size).toBeLessThan(10);
  });

  test("of two appends that expect the same version befalls exactly one", async ({ store, openStore, log }) => {
    const other = await openStore();
    for (let round = 0; round < 20; round++) {
      const settled = await Promise.allSettled(
        [store, other, store, other].map((each) => each.appendToStream("cart-1", [added()], { expectedVersion: round })),
      );
      expect(settled.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected", "rejected", "rejected"]);
    }
    expect((await log("cart-1")).map(({ version }) => version)).toEqual(times(20, (n) => n + 1));
  });
});

describe("the result of an append", () => {
  test("has the versions and positions of the events in the log, in the order of the streams given", async ({ store, log }) => {
    const results = await store.appendToStreams(["c", "a", "b"].map((streamId, n) => ({ streamId, events: times(n + 1, added) })));
    const events = await log();
    expect(results).toEqual(
      ["c", "a", "b"].map((streamId, n) => ({
        streamId,
        version: n + 1,
        position: events.findLast(({ stream }) => stream === streamId)?.position,
        created: true,
      })),
    );
    expect(events.map(({ version }) => version)).toEqual([1, 2, 1, 2, 3, 1]);
  });

  test("tells where the stream is, for an append without events that shares a batch with one that writes", async ({ store, log }) => {
    await store.appendToStream("cart-1", [added(0)]);
    const [written, read, conflict, since] = await Promise.allSettled([
      store.appendToStream("cart-1", [added(1), added(2)]),
      store.appendToStream("cart-1", [], { expectedVersion: 3 }),
      store.appendToStream("cart-1", [added(3)], { expectedVersion: 1 }),
      store.appendToStream("cart-1", [added(4)], { expectedVersion: { unchangedSince: 1 } }),
    ]);
    const position = (await log()).at(-1)?.position;
    expect(written).toMatchObject({ value: { version: 3, position, created: false } });
    expect(read).toMatchObject({ value: { version: 3, position, created: false } });
    expect(conflict).toMatchObject({ reason: { code: "VERSION_CONFLICT", actual: 3 } });
    expect(since).toMatchObject({ reason: { code: "VERSION_CONFLICT", actual: 3 } });
  });

  test("says created only of the append that began the stream", async ({ store }) => {
    await store.appendToStream("guard", [], { expectedVersion: "no-stream" });
    const results = await Promise.all(times(5, () => store.appendToStream("guard", [added(), added()])));
    expect(results.map(({ created }) => created)).toEqual([true, false, false, false, false]);
  });
});

describe("a tenant", () => {
  test("has streams of its own, also in a batch with other tenants", async ({ store, sql, q }) => {
    const tenants = ["", "acme", "zeta"];
    const results = await Promise.all(
      times(9, (n) =>
        store.forTenant(tenants[n % 3] ?? "").appendToStreams([
          { streamId: "cart-1", events: [{ ...added(n), tags: ["t:1"] }] },
          { streamId: `cart-${n}-x`, events: [added(n)] },
        ]),
      ),
    );
    expect(results.map((result) => result[0]?.version)).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
    const { rows } =
      await sql.query(`select e.tenant, count(*)::int as n, count(distinct e.xmin::text)::int as transactions, bool_and(s.tenant = e.tenant) as own
      from ${q}.events as e join ${q}.streams as s on s.id = e.stream_id group by e.tenant order by e.tenant collate "C"`);
    expect(rows).toEqual(["", "acme", "zeta"].map((tenant) => ({ tenant, n: 6, transactions: expect.any(Number), own: true })));
    const { rows: tags } = await sql.query(`select tenant, count(*)::int as n from ${q}.event_tags group by tenant order by tenant collate "C"`);
    expect(tags).toEqual(["", "acme", "zeta"].map((tenant) => ({ tenant, n: 3 })));
  });
});
