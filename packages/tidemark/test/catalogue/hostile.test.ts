import { describe, expect, test } from "vitest";
import { z } from "zod";
import { become } from "../../src/catalogue/become.ts";
import type { StoredEvent } from "../../src/catalogue/definition.ts";
import { event } from "../../src/catalogue/plain-event.ts";
import { retired } from "../../src/catalogue/retired.ts";
import { asBigInt, asDate, asMap, asSet } from "../../src/catalogue/stored-codecs.ts";
import { codecOf, decoded, read, storedEvent } from "./stored-event.ts";

/** A type whose only step returns this. */
function stepping(step: unknown, more: object = {}): ReturnType<typeof codecOf> {
  return codecOf({ A: { schema: event(), version: 2, upcast: { 1: step }, ...more }, B: event() });
}

function nested(depth: number): unknown {
  let data: unknown = {};
  for (let n = 0; n < depth; n++) data = { data };
  return data;
}

describe("a step that", () => {
  const looped: Record<string, unknown> = {};
  looped["self"] = looped;
  test.each<[string, unknown, RegExp]>([
    ["returns undefined", () => undefined, /step 1 of "A" returned what JSON cannot hold: data is undefined/],
    ["returns a promise", async () => ({}), /step 1 of "A" returned a promise, but steps are synchronous/],
    ["returns a promise that rejects", () => Promise.reject(new Error("late")), /returned a promise/],
    ["returns a Date", () => ({ lines: [{ at: new Date(0) }] }), /data\.lines\[0\]\.at is an object of class Date/],
    ["returns a bigint", () => ({ price: 1n }), /data\.price is a bigint/],
    ["returns NaN", () => ({ price: Number.NaN }), /data\.price is NaN/],
    ["returns a hole in an array", () => ({ lines: [1, undefined] }), /data\.lines\[1\] is undefined or a hole/],
    ["returns a function", () => ({ price: () => 3 }), /data\.price is a function/],
    ["returns a Map", () => new Map(), /data is an object of class Map/],
    ["returns what contains itself", () => looped, /data contains itself|data.* contains itself/],
    ["returns what is too deep", () => nested(600), /is more than 512 levels deep/],
    ["becomes no array", () => become(Object("x")), /step 1 of "A" must return an array of \{ type, schemaVersion, data \}, not/],
    ["becomes what is no event", () => become([Object(3)]), /part 0 from step 1 of "A" must be|part 0 from step 1 of "A" is of type undefined/],
    ["becomes an unknown type", () => become([{ type: "C", data: {} }]), /part 0 from step 1 of "A" is of type "C", which the catalogue does not know/],
    ["becomes a type that is not declared", () => become([{ type: "B", data: {} }]), /part 0 from step 1 of "A" is of type "B", which becomes does not list/],
    ["becomes a version that is not there", () => become([{ type: "A", schemaVersion: 3, data: {} }]), /has schemaVersion 3; "A" has versions 1 to 2/],
    ["misspells a key", () => become([Object({ type: "A", schmaVersion: 2, data: {} })]), /did you mean "schemaVersion"/],
    [
      "becomes data that JSON cannot hold",
      () => become([{ type: "A", schemaVersion: 2, data: { at: new Date(0) } }]),
      /part 0 from step 1 of "A" returned what JSON cannot hold: data\.at is/,
    ],
    ["becomes itself", ({ data }: StoredEvent) => become([{ type: "A", schemaVersion: 1, data }]), /its steps lead in a circle: "A 1" becomes "A 1"/],
  ])("%s is an error with the event's place", (_what, step, message) => {
    expect(() => decoded(stepping(step), storedEvent("A", {}))).toThrow(
      expect.objectContaining({
        code: "EVENT_UNDECODABLE",
        retryable: false,
        type: "A",
        schemaVersion: 1,
        streamId: "cart-1",
        position: 17,
        message: expect.stringMatching(message),
      }),
    );
  });

  test("throws is the cause", () => {
    const cause = new RangeError("no rate for this day");
    const failing = stepping(() => {
      throw cause;
    });
    expect(() => decoded(failing, storedEvent("A", {}))).toThrow(expect.objectContaining({ code: "EVENT_UNDECODABLE", cause }));
  });

  test("leads in a circle by way of retired types is stopped", () => {
    const turning = codecOf({ R: retired(({ data }) => [{ type: "S", data }]), S: retired(({ data }) => [{ type: "R", data }]) });
    expect(() => decoded(turning, storedEvent("R", {}))).toThrow(/its steps lead in a circle: "R" becomes "S" becomes "R"/);
  });

  test("makes more events than memory holds is stopped", () => {
    const upcast = Object.fromEntries(
      Array.from({ length: 20 }, (_, n) => [n + 1, () => become([1, 2].map(() => ({ type: "A", schemaVersion: n + 2, data: {} })))]),
    );
    const doubling = codecOf({ A: { schema: event(), version: 21, upcast } });
    expect(() => decoded(doubling, storedEvent("A", {}))).toThrow(/it becomes more than 10000 events/);
  });

  test("leaves nothing of an event behind when its second part fails", () => {
    const torn = codecOf({
      A: { schema: event(), stored: { at: asDate } },
      R: retired(() => [
        { type: "A", data: { at: "2026-01-01" } },
        { type: "A", data: { at: "noon" } },
      ]),
    });
    const into = [storedEvent("A", {})];
    expect(() => torn.decoder().decode?.(storedEvent("R", {}), into)).toThrow(
      /data\.at does not fit its codec in stored: must be the text of a date, not "noon"/,
    );
    expect(into).toHaveLength(1);
  });

  test("returns undefined for a key leaves the key out", () => {
    expect(
      read(
        stepping(() => ({ a: undefined, b: { c: undefined }, d: [{}] })),
        storedEvent("A", {}),
      ),
    ).toStrictEqual([["A 2", { b: {}, d: [{}] }]]);
  });
});

describe("data with a key __proto__", () => {
  const text = '{"__proto__":{"admin":true},"lines":[{"__proto__":{"at":"1970-01-01T00:00:00.000Z"}}]}';

  test("reaches a step as it is stored, and leaves it so", () => {
    let seen: unknown;
    const keeping = stepping(({ data }: StoredEvent) => {
      seen = data;
      return { ...data };
    });
    const [current] = decoded(keeping, storedEvent("A", JSON.parse(text)));
    expect(JSON.stringify(seen)).toBe(text);
    expect(JSON.stringify(current?.data)).toBe(text);
    expect(Object(seen).admin).toBeUndefined();
    expect(Object(current?.data).admin).toBeUndefined();
  });

  test("is encoded and decoded where a path says so", async () => {
    const codec = codecOf({ A: { schema: event(), stored: { "lines[].__proto__.at": asDate } } });
    const [current] = decoded(codec, storedEvent("A", JSON.parse(text)));
    const encoded = await codec.encode?.("A", current?.data, () => "data");
    expect(JSON.stringify(encoded?.data)).toBe(text);
    expect(Object({}).at).toBeUndefined();
  });

  test("in types and becomes is a name like any other", () => {
    const odd = codecOf({ ["__proto__"]: event(), constructor: retired(({ data }) => [{ type: "__proto__", data }]) });
    expect(read(odd, storedEvent("constructor", { a: 1 }))).toEqual([["__proto__ 1", { a: 1 }]]);
    expect(() => decoded(odd, storedEvent("toString", {}))).toThrow(/which the catalogue does not know/);
  });
});

test.each([
  [asDate, 17],
  [asDate, "noon"],
  [asBigInt, "1.5"],
  [asBigInt, 2 ** 53],
  [asSet, {}],
  [asMap, [["tea"]]],
  [asMap, { tea: 3 }],
])("a stored form that is none is an error with its place (%#)", (codec, value) => {
  const held = codecOf({ A: { schema: event(), stored: { "lines[].held": codec } } });
  expect(() => decoded(held, storedEvent("A", { lines: [{ held: null }, { held: value }] }))).toThrow(
    expect.objectContaining({
      code: "EVENT_UNDECODABLE",
      message: expect.stringMatching(/data\.lines\[1\]\.held does not fit its codec in stored: must be/),
      cause: expect.any(TypeError),
    }),
  );
});

test("a codec of one's own gets a copy, so that an event may be decoded again", () => {
  const greedy = codecOf({
    A: { schema: event(), stored: { tags: { encode: (tags: string[]) => tags, decode: (tags: string[]) => tags.splice(0) } } },
  });
  const stored = storedEvent("A", { tags: ["a", "b"] });
  expect(read(greedy, stored)).toEqual(read(greedy, stored));
  expect(stored.data).toEqual({ tags: ["a", "b"] });
});

describe("validation on reading", () => {
  const schema = z.object({ at: z.date(), quantity: z.number().max(9) });
  const upcast = { 1: ({ data }: StoredEvent) => ({ ...data, quantity: data.quantity * 10 }) };
  const checking = codecOf({ A: { schema, version: 2, upcast, stored: { at: asDate } } }, { validateReads: true });

  test("comes after the steps and stored forms, and changes nothing", () => {
    const at = "2026-01-01T00:00:00.000Z";
    expect(read(checking, storedEvent("A", { at, quantity: 9, more: 1 }, { schemaVersion: 2 }))).toEqual([["A 2", { at: new Date(at), quantity: 9, more: 1 }]]);
    expect(() => decoded(checking, storedEvent("A", { at, quantity: 9 }))).toThrow(
      expect.objectContaining({ code: "EVENT_UNDECODABLE", message: expect.stringMatching(/the schema of "A" refuses it: data\.quantity: Too big/) }),
    );
  });

  test("needs synchronous schemas", () => {
    const slow = z.object({ sku: z.string().refine(async () => true) });
    expect(() => codecOf({ A: { schema: slow, examples: [{ sku: "tea" }] } }, { validateReads: true })).toThrow(
      'options.validateReads needs synchronous schemas, but that of "A" is asynchronous; leave validateReads out',
    );
    const unseen = codecOf({ A: slow }, { validateReads: true });
    expect(() => decoded(unseen, storedEvent("A", { sku: "tea" }))).toThrow(/the schema of "A" is asynchronous, but validateReads needs synchronous ones/);
  });
});
