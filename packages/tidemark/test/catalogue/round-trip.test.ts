import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { encodeJson } from "../../src/arguments/json.ts";
import type { StoredEvent } from "../../src/catalogue/definition.ts";
import { event } from "../../src/catalogue/plain-event.ts";
import { asBigInt, asDate, asMap, asSet } from "../../src/catalogue/stored-codecs.ts";
import { codecOf, decoded, storedEvent } from "./stored-event.ts";

const json = fc
  .jsonValue({ maxDepth: 2 })
  .filter(
    (value) =>
      !JSON.stringify(value).includes("\\u0000") &&
      JSON.stringify(value).isWellFormed() &&
      !/\\ud[89a-f]/i.test(JSON.stringify(value)) &&
      !JSON.stringify(value).includes("-0"),
  );
const plain = json.map((value) => JSON.parse(JSON.stringify(value)));
const date = fc.date({ noInvalidDate: true });
const word = fc.stringMatching(/^[a-z]{1,6}$/);

const stored = {
  at: asDate,
  amount: asBigInt,
  tags: asSet,
  prices: asMap,
  "lines[].at": asDate,
  "lines[].amounts[]": asBigInt,
  "rates{}.since": asDate,
  "rates{}.history[].amount": asBigInt,
  link: { encode: (url: URL) => url.href, decode: (href: string) => new URL(href) },
};
const data = fc.record(
  {
    at: date,
    amount: fc.bigInt(),
    tags: fc.array(plain).map((items) => new Set(items)),
    prices: fc.array(fc.tuple(plain, plain)).map((entries) => new Map(entries)),
    lines: fc.array(fc.record({ at: fc.option(date), sku: word, amounts: fc.array(fc.bigInt()) }, { requiredKeys: ["sku"] })),
    rates: fc.dictionary(
      fc.oneof(word, fc.constant("__proto__")),
      fc.option(fc.record({ since: date, history: fc.array(fc.record({ amount: fc.bigInt() })) })),
    ),
    link: fc.webUrl().map((href) => new URL(href)),
    rest: plain,
  },
  { requiredKeys: [] },
);

test("what was appended comes back from its stored form, and neither is changed", async () => {
  const codec = codecOf({ A: { schema: event(), stored } });
  await fc.assert(
    fc.asyncProperty(data, async (value) => {
      const before = structuredClone({ ...value, link: value.link?.href });
      const encoded = await codec.encode?.("A", value, () => "data");
      const text = encodeJson(encoded?.data, "data");
      const kept = storedEvent("A", JSON.parse(text));
      expect(decoded(codec, kept)[0]?.data).toEqual(value);
      expect({ ...value, link: value.link?.href }).toEqual(before);
      expect(JSON.stringify(kept.data)).toBe(JSON.stringify(JSON.parse(text)));
    }),
    { numRuns: 300 },
  );
});

test("what a schema returned comes back", async () => {
  const schema = z.object({ at: z.iso.datetime().transform((text) => new Date(text)), amount: z.string().transform(BigInt), quantity: z.number().default(1) });
  const codec = codecOf({ A: { schema, stored: { at: asDate, amount: asBigInt } } });
  await fc.assert(
    fc.asyncProperty(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-01-01") }), fc.bigInt(), async (at, amount) => {
      const encoded = await codec.encode?.("A", { at: at.toISOString(), amount: `${amount}` }, () => "data");
      const kept = storedEvent("A", JSON.parse(encodeJson(encoded?.data, "data")));
      expect(decoded(codec, kept)[0]?.data).toEqual({ at, amount, quantity: 1 });
    }),
  );
});

test("an event of any version goes through exactly the steps that are left, and back down to any version", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), fc.nat(), plain, (newest, from, to, held) => {
      const stored = 1 + (from % newest);
      const wanted = 1 + (to % newest);
      const numbers = Array.from({ length: newest - 1 }, (_, n) => n + 1);
      const upcast = Object.fromEntries(numbers.map((n) => [n, ({ data, schemaVersion }: StoredEvent) => ({ ...data, up: [...data.up, schemaVersion] })]));
      const downcast = Object.fromEntries(
        numbers.map((n) => [n + 1, ({ data, schemaVersion }: StoredEvent) => ({ ...data, down: [...data.down, schemaVersion] })]),
      );
      const codec = codecOf({ A: { schema: event(), version: newest, upcast, downcast } });
      const [current] = decoded(codec, storedEvent("A", { held, up: [], down: [] }, { schemaVersion: stored }), { as: { A: wanted } });
      expect(current).toMatchObject({ schemaVersion: wanted });
      expect(current?.data).toEqual({
        held,
        up: numbers.filter((n) => n >= stored),
        down: numbers
          .map((n) => n + 1)
          .filter((n) => n > wanted)
          .toReversed(),
      });
    }),
  );
});
