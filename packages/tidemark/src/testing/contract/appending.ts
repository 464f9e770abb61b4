import { deepStrictEqual, rejects, strictEqual } from "node:assert";
import type { ExpectedVersion } from "../../model/event.ts";
import { added, confirmed, type Law } from "./law.ts";

const passing: readonly (readonly [events: number, expected: ExpectedVersion])[] = [
  [0, "any"],
  [0, "no-stream"],
  [0, 0],
  [0, { unchangedSince: 0 }],
  [2, "any"],
  [2, "stream-exists"],
  [2, 2],
];
const failing: readonly (readonly [events: number, expected: ExpectedVersion])[] = [
  [0, "stream-exists"],
  [0, 1],
  [2, "no-stream"],
  [2, 0],
  [2, 1],
  [2, 3],
  [2, { unchangedSince: 0 }],
];

export const appendingLaws: readonly Law[] = [
  {
    name: "versions have no gaps, and positions rise",
    async holds(open) {
      const store = await open();
      const first = await store.appendToStream("cart-1", [added(), added("mug")]);
      const second = await store.appendToStream("cart-1", [confirmed]);
      deepStrictEqual(first, { streamId: "cart-1", version: 2, position: first.position, created: true });
      deepStrictEqual(second, { streamId: "cart-1", version: 3, position: second.position, created: false });
      const events = await store.readStream("cart-1").toArray();
      deepStrictEqual(
        events.map(({ version }) => version),
        [1, 2, 3],
      );
      strictEqual(events[1]?.position, first.position);
      strictEqual(events[2]?.position, second.position);
      strictEqual(events[0] && events[0].position < first.position && first.position < second.position, true);
    },
  },
  ...passing.map(
    ([events, expected]) =>
      ({
        name: `a stream of ${events} events passes ${JSON.stringify(expected)}`,
        async holds(open): Promise<void> {
          const store = await open();
          if (events > 0)
            await store.appendToStream(
              "cart-1",
              Array.from({ length: events }, () => added()),
            );
          strictEqual((await store.appendToStream("cart-1", [added()], { expectedVersion: expected })).version, events + 1);
        },
      }) satisfies Law,
  ),
  ...failing.map(
    ([events, expected]) =>
      ({
        name: `a stream of ${events} events refuses ${JSON.stringify(expected)}, tells its version, and nothing is written`,
        async holds(open): Promise<void> {
          const store = await open();
          if (events > 0)
            await store.appendToStream(
              "cart-1",
              Array.from({ length: events }, () => added()),
            );
          await rejects(store.appendToStream("cart-1", [added()], { expectedVersion: expected }), {
            code: "VERSION_CONFLICT",
            streamId: "cart-1",
            expected,
            actual: events,
          });
          strictEqual((await store.streamInfo("cart-1")).version, events);
        },
      }) satisfies Law,
  ),
  {
    name: "appends to several streams are written together, or none of them",
    async holds(open) {
      const store = await open();
      await store.appendToStream("account-2", [added()]);
      const results = await store.appendToStreams([
        { streamId: "account-2", events: [added()], expectedVersion: 1 },
        { streamId: "account-1", events: [added(), added()], expectedVersion: "no-stream" },
        { streamId: "limits-1", events: [], expectedVersion: 0 },
      ]);
      deepStrictEqual(
        results.map(({ streamId, version, created }) => [streamId, version, created]),
        [
          ["account-2", 2, false],
          ["account-1", 2, true],
          ["limits-1", 0, false],
        ],
      );
      await rejects(
        store.appendToStreams([
          { streamId: "account-3", events: [added()] },
          { streamId: "account-2", events: [], expectedVersion: 1 },
          { streamId: "account-1", events: [added()], expectedVersion: 1 },
        ]),
        {
          code: "VERSION_CONFLICT",
          conflicts: [
            { streamId: "account-2", expected: 1, actual: 2 },
            { streamId: "account-1", expected: 1, actual: 2 },
          ],
        },
      );
      strictEqual((await store.streamInfo("account-3")).exists, false);
    },
  },
  {
    name: "each of many concurrent appends gets its own answer",
    async holds(open) {
      const store = await open();
      const calls = Array.from({ length: 60 }, (_, n) => store.appendToStream(`cart-${n % 6}`, [added()], n % 10 === 9 ? { expectedVersion: 1000 } : {}));
      const outcomes = await Promise.allSettled(calls);
      const lost = outcomes.flatMap((outcome, n) => (outcome.status === "rejected" ? [n] : []));
      deepStrictEqual(lost, [9, 19, 29, 39, 49, 59]);
      const versions = await Promise.all(Array.from({ length: 6 }, async (_, n) => (await store.streamInfo(`cart-${n}`)).version));
      strictEqual(
        versions.reduce((sum, version) => sum + version, 0),
        54,
      );
    },
  },
  {
    name: "the same ids are written once and return the first result, before any expectation",
    async holds(open) {
      const store = await open();
      const events = [
        { ...added(), id: crypto.randomUUID(), tags: ["cart:1"] },
        { ...confirmed, id: crypto.randomUUID() },
      ];
      const first = await store.appendToStream("cart-1", events, { expectedVersion: "no-stream" });
      await store.appendToStream("cart-1", [added()]);
      deepStrictEqual(await store.appendToStream("cart-1", events, { expectedVersion: "no-stream" }), first);
      strictEqual((await store.streamInfo("cart-1")).version, 3);
    },
  },
  {
    name: "ids with other content, in another stream or in part are refused",
    async holds(open) {
      const store = await open();
      const id = crypto.randomUUID();
      await store.appendToStream("cart-1", [{ ...added(), id, tags: ["a"] }]);
      for (const [streamId, events] of [
        ["cart-1", [{ ...added("mug"), id, tags: ["a"] }]],
        ["cart-1", [{ ...confirmed, id, tags: ["a"] }]],
        ["cart-1", [{ ...added(), id, tags: ["b"] }]],
        ["cart-2", [{ ...added(), id, tags: ["a"] }]],
        ["cart-1", [{ ...added(), id, tags: ["a"] }, added()]],
      ] as const) {
        await rejects(store.appendToStream(streamId, events), { code: "DUPLICATE_EVENT", eventId: id });
      }
    },
  },
  {
    name: "data that JSON would change is refused before anything is written",
    async holds(open) {
      const store = await open();
      for (const data of [{ at: new Date(0) }, { n: Number.NaN }, { n: 1n }, { list: new Map() }, undefined]) {
        await rejects(store.appendToStream("cart-1", [added(), { type: "Odd", data }]), { code: "INVALID_ARGUMENT" });
      }
      strictEqual((await store.streamInfo("cart-1")).exists, false);
    },
  },
];
