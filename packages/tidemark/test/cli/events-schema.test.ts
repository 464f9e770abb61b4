import { describe, expect } from "../support/test.ts";
import { test } from "./catalogue-file.ts";
import { documentsOf, inside, tidemark } from "./run.ts";

const text = `
  import { z } from "zod";
  import { type } from "arktype";
  import { defineEvents, event } from "tidemark";
  export const events = defineEvents({
    ItemAdded: { schema: z.object({ sku: z.string() }), version: 2, description: "An item.", upcast: { 1: ({ data }) => data } },
    ItemRemoved: type({ sku: "string" }),
    CartClosed: z.object({ at: z.date() }),
    Noted: event<{ text: string }>(),
  });`;

describe("tidemark events schema", () => {
  test("prints the JSON Schema of each type, or why there is none", async ({ catalogue }) => {
    const printed = await inside(["events", "schema", "--catalogue", await catalogue(text)], { env: {} });
    const sku = { type: "object", properties: { sku: { type: "string" } }, required: ["sku"] };
    expect([printed.code, documentsOf(printed)]).toMatchObject([
      0,
      [
        { type: "ItemAdded", schemaVersion: 2, description: "An item.", schema: sku },
        { type: "ItemRemoved", schemaVersion: 1, schema: sku },
        { type: "CartClosed", missing: expect.stringContaining("zod") },
        { type: "Noted", missing: expect.stringContaining("TypeScript") },
      ],
    ]);
  });

  const dates = `
    import { z } from "zod";
    import { type } from "arktype";
    import * as v from "valibot";
    import { asBigInt, asDate, asMap, asSet, defineEvents } from "tidemark";
    const node = z.object({ at: z.date(), get next() { return node.optional(); } });
    const looped = z.union([z.object({ at: z.date() }), z.lazy(() => looped)]);
    export const events = defineEvents({
      Looped: { schema: looped, stored: { at: asDate } },
      Zod: {
        schema: z.object({
          at: z.date().nullable(), lines: z.array(z.object({ price: z.bigint(), sku: z.string() })), rates: z.record(z.string(), z.object({ since: z.date() })),
          tags: z.set(z.string()), url: z.instanceof(URL), paid: z.discriminatedUnion("by", [z.object({ by: z.literal("card"), at: z.date() }), z.object({ by: z.literal("cash") })]),
        }),
        stored: {
          at: asDate, "lines[].price": asBigInt, "rates{}.since": asDate, tags: asSet, "paid.at": asDate,
          url: { encode: (url) => url.href, decode: (text) => new URL(text), jsonSchema: { type: "string", format: "uri" } },
        },
      },
      Nested: { schema: node, stored: { at: asDate, "next.at": asDate } },
      Arktype: { schema: type({ at: "Date", prices: "Map" }), stored: { at: asDate, prices: asMap } },
      Valibot: {
        schema: v.object({ at: v.date(), note: v.optional(v.string(), ""), length: v.pipe(v.string(), v.transform((text) => text.length)) }),
        stored: { at: asDate },
      },
    });`;
  const date = { type: "string", format: "date-time" };

  test("describes with --stored what the codecs make of the data", async ({ catalogue }) => {
    const file = await catalogue(dates);
    const read = documentsOf(await inside(["events", "schema", "--catalogue", file], { env: {} }));
    expect(read).toMatchObject([{}, { missing: expect.stringContaining("zod: ") }, {}, {}, { missing: expect.stringContaining("valibot: ") }]);
    const stored = await inside(["events", "schema", "--catalogue", file, "--stored"], { env: {} });
    expect([stored.code, documentsOf(stored)]).toMatchObject([
      0,
      [
        { schema: { anyOf: [{ properties: { at: date } }, {}] } },
        {
          schema: {
            properties: {
              at: { anyOf: [date, { type: "null" }] },
              lines: { items: { properties: { price: { type: "string", pattern: String.raw`^-?\d+$` }, sku: { type: "string" } } } },
              rates: { additionalProperties: { properties: { since: date } } },
              tags: { type: "array", uniqueItems: true },
              url: { type: "string", format: "uri" },
              paid: { oneOf: [{ properties: { at: date } }, {}] },
            },
          },
        },
        { schema: { properties: { at: date } } },
        { schema: { properties: { at: date, prices: { type: "array" } } } },
        { schema: { properties: { at: date, note: { type: "string" }, length: {} }, required: ["at", "length", "note"] } },
      ],
    ]);
    expect(documentsOf(stored)[4]).not.toHaveProperty("schema.properties.length.type");
  });

  test("needs the package of valibot for its schemas, and says how to install it", async ({ catalogue }) => {
    const file = await catalogue(`
      import * as v from "valibot";
      import { defineEvents } from "tidemark";
      export const events = defineEvents({ Noted: v.object({ text: v.string() }) });`);
    const there = await inside(["events", "schema", "--catalogue", file], { env: {} });
    expect(documentsOf(there)).toMatchObject([{ schema: { type: "object", properties: { text: { type: "string" } }, required: ["text"] } }]);
    const hide = `import { registerHooks } from "node:module";
      registerHooks({ resolve(name, context, next) { if (name === "@valibot/to-json-schema") throw new Error("not found"); return next(name, context); } });`;
    const without = await tidemark(["events", "schema", "--catalogue", file], {
      env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hide)}` },
    });
    expect([without.code, without.stdout]).toEqual([1, ""]);
    expect(without.stderr).toContain("needs the package @valibot/to-json-schema. Run: npm install @valibot/to-json-schema");
  });
});
