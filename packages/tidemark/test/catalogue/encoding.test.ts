import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { event } from "../../src/catalogue/plain-event.ts";
import { retired } from "../../src/catalogue/retired.ts";
import { asBigInt, asDate, asMap, asSet } from "../../src/catalogue/stored-codecs.ts";
import { codecOf, decoded, storedEvent } from "./stored-event.ts";

const at = (): string => "events[2].data";

/** What is stored of an event of the only type. */
async function stored(definition: unknown, data: unknown): Promise<unknown> {
  return codecOf({ A: definition }).encode?.("A", data, at);
}

describe.each([
  [
    "zod",
    z.object({ sku: z.string(), lines: z.array(z.object({ price: z.number() })), quantity: z.number().default(1) }),
    "Invalid input: expected number, received string",
  ],
  [
    "valibot",
    v.object({ sku: v.string(), lines: v.array(v.object({ price: v.number() })), quantity: v.optional(v.number(), 1) }),
    'Invalid type: Expected number but received "free"',
  ],
  [
    "arktype",
    type({ sku: "string", lines: type({ price: "number" }).array(), quantity: "number = 1" }).onUndeclaredKey("delete"),
    "lines[0].price must be a number (was a string)",
  ],
])("with a schema of %s", (_library, schema, message) => {
  test("what it returns is stored", async () => {
    const data = { sku: "tea", lines: [{ price: 3 }], note: "gift" };
    expect(await stored(schema, data)).toEqual({ data: { sku: "tea", lines: [{ price: 3 }], quantity: 1 }, schemaVersion: 1 });
  });

  test("what it refuses is an error with the path of every issue", async () => {
    await expect(stored(schema, { sku: "tea", lines: [{ price: "free" }], quantity: "x" })).rejects.toMatchObject({
      code: "EVENT_VALIDATION",
      type: "A",
      retryable: false,
      issues: expect.arrayContaining([
        { path: "events[2].data.lines[0].price", message },
        { path: "events[2].data.quantity", message: expect.any(String) },
      ]),
    });
  });
});

test("many issues are told in short, and listed in full", async () => {
  const schema = z.object({ lines: z.array(z.string()) });
  await expect(stored(schema, { lines: Array.from({ length: 40 }, (_, n) => n) })).rejects.toMatchObject({
    issues: { length: 40 },
    message: expect.stringMatching(/events\[2\]\.data\.lines\[4\]: .*; and 35 more\. Nothing was written\.$/),
  });
});

test("a promise of the schema's own library becomes one that is awaited", () => {
  const settled = Promise.resolve({ value: { sku: "tea" } });
  const own = (then: unknown): object => Object.fromEntries(new Map([["then", then]]));
  const validate = (): object => own((...call: Parameters<typeof settled.then>) => own(settled.then(...call)));
  const schema = { "~standard": { version: 1, vendor: "mine", validate } };
  const encoded = codecOf({ A: schema }).encode?.("A", {}, at);
  expect(encoded).toBeInstanceOf(Promise);
  return expect(encoded).resolves.toEqual({ data: { sku: "tea" }, schemaVersion: 1 });
});

test("an asynchronous schema gives a promise, a synchronous one does not", async () => {
  const slow = z.object({ sku: z.string().refine(async (sku) => sku !== "gin", "is not sold") });
  const codec = codecOf({ A: slow, B: z.object({ sku: z.string() }) });
  expect(codec.encode?.("A", { sku: "tea" }, at)).toBeInstanceOf(Promise);
  expect(await codec.encode?.("A", { sku: "tea" }, at)).toEqual({ data: { sku: "tea" }, schemaVersion: 1 });
  await expect(codec.encode?.("A", { sku: "gin" }, at)).rejects.toMatchObject({ issues: [{ path: "events[2].data.sku", message: "is not sold" }] });
  expect(codec.encode?.("B", { sku: "tea" }, at)).toEqual({ data: { sku: "tea" }, schemaVersion: 1 });
});

test.each<[string, unknown, string]>([
  ["nothing, as a function without return", undefined, "the schema returned undefined in place of { value } or { issues }"],
  ["null", null, "the schema returned null in place of { value } or { issues }"],
  ["a boolean", true, "the schema returned true in place of { value } or { issues }"],
  ["issues that are no list", { issues: "no" }, 'the schema returned { issues: "no" }, which is no list'],
  ["no issue in its list", { issues: [] }, "the schema refuses it without a reason"],
  ["issues without a message", { issues: [null] }, "the schema refuses it without a reason"],
])("a schema that returns %s refuses, whether it is asynchronous or not", async (_what, result, message) => {
  const schemaOf = (validate: () => unknown): unknown => ({ "~standard": { version: 1, vendor: "mine", validate } });
  const codec = codecOf({ A: schemaOf(() => result), B: schemaOf(async () => result) });
  const refusal = expect.objectContaining({ code: "EVENT_VALIDATION", issues: [{ path: "events[2].data", message }] });
  expect(() => codec.encode?.("A", {}, at)).toThrow(refusal);
  await expect(codec.encode?.("B", {}, at)).rejects.toEqual(refusal);
  const reading = codecOf({ A: schemaOf(() => result) }, { validateReads: true });
  expect(() => decoded(reading, storedEvent("A", {}))).toThrow(
    expect.objectContaining({ code: "EVENT_UNDECODABLE", message: expect.stringContaining(`the schema of "A" refuses it: data: ${message}`) }),
  );
  const examples = [{}];
  expect(() => codecOf({ A: { schema: schemaOf(() => result), examples } })).toThrow(`definitions.A.examples[0] is refused by the schema: ${message}`);
});

test("what a schema throws passes through", async () => {
  const cause = new RangeError("the price list is empty");
  const throwing = z.string().refine(() => {
    throw cause;
  });
  await expect(async () => codecOf({ A: throwing }).encode?.("A", "tea", at)).rejects.toBe(cause);
  const plain = { "~standard": { version: 1, vendor: "mine", validate: throwing.parse } };
  expect(() => codecOf({ A: plain }).encode?.("A", "tea", at)).toThrow(cause);
});

test.each([
  [
    "ItemAded",
    'events[2].type is "ItemAded", which the catalogue does not know; did you mean "ItemAdded"? Add it to the catalogue, or correct the event. Nothing was written.',
  ],
  [
    "CartOpened",
    'events[2].type is "CartOpened", which is retired: its stored events are read as others, but no new ones are written. Append what it becomes. Nothing was written.',
  ],
  ["constructor", expect.stringMatching(/^events\[2\]\.type is "constructor", which the catalogue does not know/)],
])("an event of type %s is refused", (unknown, message) => {
  const codec = codecOf({ ItemAdded: event(), CartOpened: retired(() => []) });
  expect(() => codec.encode?.(unknown, {}, at)).toThrow(
    expect.objectContaining({ code: "UNKNOWN_EVENT_TYPE", type: unknown, path: "events[2].type", message }),
  );
});

describe("stored forms", () => {
  const definition = {
    schema: event(),
    stored: {
      at: asDate,
      "lines[].price": asBigInt,
      "rates{}.since": asDate,
      tags: asSet,
      prices: asMap,
      link: { encode: (url: URL) => url.href, decode: (href: string) => new URL(href) },
    },
  };

  test("are plain JSON, and the caller's data stays as it was", async () => {
    const data = {
      at: new Date(0),
      lines: [{ sku: "tea", price: 9_007_199_254_740_993n }, { sku: "milk", price: null }, {}],
      rates: { eur: { since: new Date(86_400_000) }, usd: null },
      tags: new Set(["b", "a"]),
      prices: new Map<unknown, unknown>([
        ["tea", 3],
        [4, "milk"],
      ]),
      link: new URL("https://example.com/a"),
      rest: { deep: [1] },
    };
    const before = structuredClone({ ...data, link: data.link.href });
    expect(await stored(definition, data)).toStrictEqual({
      schemaVersion: 1,
      data: {
        at: "1970-01-01T00:00:00.000Z",
        lines: [{ sku: "tea", price: "9007199254740993" }, { sku: "milk", price: null }, {}],
        rates: { eur: { since: "1970-01-02T00:00:00.000Z" }, usd: null },
        tags: ["b", "a"],
        prices: [
          ["tea", 3],
          [4, "milk"],
        ],
        link: "https://example.com/a",
        rest: { deep: [1] },
      },
    });
    expect({ ...data, link: data.link.href }).toStrictEqual(before);
  });

  test.each([
    [{ at: "noon" }, "events[2].data.at", 'must be a Date, not "noon"'],
    [{ at: new Date(Number.NaN) }, "events[2].data.at", "is an invalid Date"],
    [{ lines: [{ price: 1n }, { price: 1 }] }, "events[2].data.lines[1].price", "must be a bigint, not 1"],
    [{ rates: { "a b": { since: 1 } } }, 'events[2].data.rates["a b"].since', "must be a Date, not 1"],
    [{ tags: [] }, "events[2].data.tags", "must be a Set, not an array"],
    [{ prices: {} }, "events[2].data.prices", "must be a Map, not an object"],
  ])("refuse what does not fit with its path (%#)", async (data, path, message) => {
    await expect(stored(definition, data)).rejects.toMatchObject({ code: "EVENT_VALIDATION", issues: [{ path, message }] });
  });

  test("leave a value of another shape alone", async () => {
    const data = { lines: { price: 1 }, rates: [1], at: null };
    expect(await stored(definition, data)).toEqual({ data, schemaVersion: 1 });
  });

  test("leave an object of a class alone, so that JSON refuses it with its place", async () => {
    class Money {
      readonly since = new Date(0);
    }
    const money = new Money();
    expect(await stored(definition, { rates: { eur: money } })).toMatchObject({ data: { rates: { eur: expect.any(Money) } } });
  });

  test("call a codec on its object", async () => {
    class Scaled {
      readonly #factor = 100;
      encode(value: number): number {
        return value * this.#factor;
      }
      decode(value: number): number {
        return value / this.#factor;
      }
    }
    expect(await stored({ schema: event(), stored: { price: new Scaled() } }, { price: 3 })).toMatchObject({ data: { price: 300 } });
  });
});
