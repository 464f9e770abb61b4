import { inspect } from "node:util";
import { startProxy } from "@tidemark/servers";
import { type EventStore, openEventStore } from "../../src/index.ts";
import { itemAdded } from "../support/cart.ts";
import { describe, expect, failure, test as base, times } from "./test.ts";

/** A store whose every message to the server is counted. */
const test = base.extend("counted", async ({ databaseUrl, schema }, { onCleanup }) => {
  const proxy = await startProxy({ port: Number(new URL(databaseUrl).port) });
  const store = await openEventStore(proxy.through(databaseUrl), { schema });
  onCleanup(async () => {
    await store.close();
    await proxy.close();
  });
  let messages = 0;
  proxy.on("frontend", () => void messages++);
  return { store, sent: () => messages };
});

const half = "\ud800";
const loop: { self?: object } = {};
loop.self = loop;
const sparse: unknown[] = [1];
sparse[2] = 3;
const deep = (levels: number): unknown => times(levels, () => 0).reduce<unknown>((inner) => ({ inner }), 0);
class Money {
  readonly cents = 1;
}

/** Data that JSON or PostgreSQL would refuse or change in silence. */
const badData: Readonly<Record<string, unknown>> = {
  "a NUL in a text": { a: "\0" },
  "a NUL in a key": { "a\0": 1 },
  "half a surrogate pair in a text": { a: half },
  "half a surrogate pair in a key": { [half]: 1 },
  "half a surrogate pair deep down": { a: [{ b: ["ok", half] }] },
  bigint: { a: 1n },
  NaN: { a: Number.NaN },
  Infinity: [Number.POSITIVE_INFINITY],
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": { a: -0 },
  undefined,
  "undefined in an array": [undefined],
  "a hole in an array": sparse,
  function: { a: () => 1 },
  symbol: { a: Symbol("s") },
  "a key that is a symbol": { [Symbol("s")]: 1 },
  Date: { at: new Date(0) },
  "an invalid Date": { at: new Date(Number.NaN) },
  Map: new Map([["a", 1]]),
  Set: { a: new Set([1]) },
  Uint8Array: { a: new Uint8Array(2) },
  "a boxed text": { a: new String("x") },
  "a class instance": { price: new Money() },
  "a lying toJSON": { a: 1, toJSON: () => ({ a: 2 }) },
  "a toJSON that throws": {
    toJSON: () => {
      throw new Error("mine");
    },
  },
  "a getter that throws": {
    get a(): number {
      throw new Error("mine");
    },
  },
  "a Proxy that throws": new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error("mine");
      },
    },
  ),
  "a cycle": loop,
  "513 levels": deep(513),
  "20,000 levels": deep(20_000),
};

/** What no name may be. */
const badNames: Readonly<Record<string, unknown>> = {
  empty: "",
  NUL: "a\0",
  escape: "a\u001b[2J",
  newline: "a\n",
  "the separator on the wire": "a\u001eb",
  "the separator of tags": "a\u001fb",
  "a C1 control": "a\u009b",
  "half a surrogate pair": `s-${half}`,
  "513 bytes": "é".repeat(256) + "x",
  "100,000 bytes": "a".repeat(100_000),
  number: 1,
  null: null,
  undefined,
  array: ["a"],
  object: { toPostgres: () => "a" },
  "boxed text": new String("a"),
  bigint: 1n,
  symbol: Symbol("a"),
};

const badVersions = [
  -1,
  1.5,
  Number.NaN,
  2 ** 53,
  Number.POSITIVE_INFINITY,
  "3",
  "",
  "latest",
  null,
  1n,
  [],
  {},
  { unchangedSince: -1 },
  { unchangedSince: 1, and: 2 },
  true,
];
const badIds = [
  "",
  "1",
  "not-a-uuid",
  "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d7",
  "{0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78",
  1,
  null,
  {},
  "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d7g",
];
const badCounts = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, "1", null, 1n, {}];

type Call = readonly [name: string, call: (store: EventStore) => unknown];

/** Calls a method with what its types forbid, as plain JavaScript can. */
const calling =
  (method: keyof EventStore, ...given: readonly unknown[]) =>
  async (store: EventStore): Promise<unknown> => {
    const target: unknown = Reflect.get(store, method);
    if (typeof target !== "function") throw new Error(`There is no method ${String(method)}.`);
    const answer: unknown = await Reflect.apply(target, store, given);
    // A sequence only begins to read when it is asked.
    return typeof answer === "object" && answer !== null && "toArray" in answer && typeof answer.toArray === "function" ? answer.toArray() : answer;
  };
const event = { type: "ItemAdded", data: {} };
const appending = (events: unknown, options?: unknown): Call[1] => calling("appendToStream", "cart-1", events, options);

const badCalls: readonly Call[] = [
  ...Object.entries(badData).flatMap(([name, data]): Call[] => [
    [`data: ${name}`, appending([{ type: "Noted", data }])],
    [`metadata: ${name}`, appending([{ ...event, metadata: data === undefined ? { a: [undefined] } : data }])],
  ]),
  ...Object.entries(badNames).flatMap(([name, value]): Call[] => [
    [`streamId: ${name}`, calling("appendToStream", value, [event])],
    [`type: ${name}`, appending([{ ...event, type: value }])],
    [`tag: ${name}`, appending([{ ...event, tags: [value] }])],
    [`streamId to read: ${name}`, calling("readStream", value)],
    [`streamId to fold: ${name}`, calling("aggregateStream", value, { initialState: () => 0, evolve: () => 0 })],
    [`streamId to look at: ${name}`, calling("streamInfo", value)],
    [`types to read: ${name}`, calling("readAll", { filter: { types: [value] } })],
    [`tags to read: ${name}`, calling("readAll", { filter: { tags: [value] } })],
    [`streams to list after: ${name}`, calling("streams", { after: value ?? null })],
    ...(name === "empty"
      ? []
      : [[`tenant: ${name}`, calling("forTenant", value)] as const, [`prefix: ${name}`, calling("streams", { prefix: value ?? null })] as const]),
  ]),
  ...badVersions.map((expectedVersion): Call => [`expectedVersion: ${inspect(expectedVersion)}`, appending([event], { expectedVersion })]),
  ...badIds.flatMap((id): Call[] => [
    [`id: ${inspect(id)}`, appending([{ ...event, id }])],
    [`eventById: ${inspect(id)}`, calling("eventById", id)],
  ]),
  ...badCounts.flatMap((count): Call[] => [
    [`after: ${inspect(count)}`, calling("readAll", { after: count })],
    [`limit: ${inspect(count)}`, calling("readStream", "cart-1", { limit: count })],
    [`fromVersion: ${inspect(count)}`, calling("readStream", "cart-1", { fromVersion: count })],
  ]),
  ...[new Date(Number.NaN), "2024-01-01", 0, null].map((asOf): Call => [`asOf: ${inspect(asOf)}`, calling("readStream", "cart-1", { asOf })]),
  ...[null, 1, "x", {}, [null], [1], ["x"], [[]], [{}], [{ type: "A" }], new Map(), "events"].map((events): Call => [
    `events: ${JSON.stringify(events)}`,
    appending(events),
  ]),
  ["10,001 events", appending(times(10_001, () => event))],
  ["65 tags", appending([{ ...event, tags: times(65, (n) => `t${n}`) }])],
  ["the same id twice", appending(times(2, () => ({ ...event, id: "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78" })))],
  ["a misspelt key", appending([{ ...event, metdata: {} }])],
  ["an event that was read", appending([{ ...event, version: 1 }])],
  ["a misspelt option", appending([event], { expectedVerison: 1 })],
  [
    "the same stream twice",
    calling(
      "appendToStreams",
      times(2, () => ({ streamId: "cart-1", events: [event] })),
    ),
  ],
  ["no parts", calling("appendToStreams", [])],
  ["tags that name no stream", calling("append", [event])],
  ["an empty filter list", calling("readAll", { filter: { types: [] } })],
  ["a category with a dash", calling("streams", { category: "cart-1" })],
  ["a signal that is none", appending([event], { signal: {} })],
];

describe("bad input is refused with a typed error and never reaches the server", () => {
  test(`in ${badCalls.length} calls`, async ({ counted: { store, sent } }) => {
    const before = sent();
    const wrong: string[] = [];
    for (const [name, call] of badCalls) {
      const error = await failure(() => call(store)).catch(() => undefined);
      const code = error instanceof Error && "code" in error ? error.code : error;
      if (code !== "INVALID_ARGUMENT" && code !== "EVENT_TOO_LARGE") wrong.push(`${name}: ${String(code)}`);
    }
    expect(wrong).toEqual([]);
    expect(sent()).toBe(before);
    // The count can rise.
    await store.highWaterMark();
    expect(sent()).toBeGreaterThan(before);
    expect(await store.readAll({ tenants: "all" }).toArray()).toEqual([]);
  });

  test("and the appends beside it are written, each in its place", async ({ counted: { store } }) => {
    const poison = badCalls.filter(([name]) => name.startsWith("data: ") || name.startsWith("type: "));
    const settled = await Promise.allSettled(poison.flatMap(([, call], n) => [store.appendToStream(`cart-${n}`, [itemAdded()]), call(store)]));
    expect(settled.map(({ status }) => status)).toEqual(poison.flatMap(() => ["fulfilled", "rejected"]));
    expect(await store.readAll().toArray()).toHaveLength(poison.length);
  });

  test("an event of exactly the limit is written, one byte more is not", async ({ counted: { store, sent } }) => {
    await store.appendToStream("note-1", [{ type: "Noted", data: "x".repeat(1_048_576 - 2) }]);
    const before = sent();
    expect(await failure(() => store.appendToStream("note-1", [{ type: "Noted", data: "x".repeat(1_048_576 - 1) }]))).toMatchObject({
      code: "EVENT_TOO_LARGE",
      bytes: 1_048_577,
    });
    expect(await failure(() => store.appendToStream("note-1", [{ type: "Noted", data: "x".repeat(300_000_000) }]))).toMatchObject({ code: "EVENT_TOO_LARGE" });
    expect(sent()).toBe(before);
    expect((await store.streamInfo("note-1")).version).toBe(1);
  });
});
