import { type } from "arktype";
import fc from "fast-check";
import { asBigInt, asDate, asSet, become, defineEvents, event, type EventCatalogue, retired, type StandardSchema } from "tidemark";
import { type CatalogueContract, catalogueContract } from "tidemark/testing";
import * as v from "valibot";
import { describe, expect, test, vi } from "vitest";
import { z } from "zod";

type Contract = Omit<CatalogueContract, "test">;

/** What became of each test that a contract registers: its message where it failed. */
async function outcomes(contract: Contract): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  const tests: [name: string, run: () => Promise<void>][] = [];
  catalogueContract({ seed: 42, ...contract, test: (name, run) => void tests.push([name, run]) });
  for (const [name, run] of tests)
    found[name.split(" ").slice(0, 2).join(" ")] = await run().then(
      () => "passed",
      (error: Error) => error.message,
    );
  return found;
}

const tree = z.object({
  name: z.string(),
  get children(): z.ZodArray<typeof tree> {
    return z.array(tree).max(2);
  },
});
const zod = defineEvents({
  ItemAdded: {
    schema: z.object({
      sku: z.string().min(1).max(20),
      quantity: z.number().int().positive(),
      price: z.number().nonnegative().multipleOf(0.25).optional(),
      size: z.enum(["s", "m"]).nullable(),
      id: z.uuid(),
      sold: z.iso.datetime(),
      notes: z.record(z.string(), z.number()),
      pair: z.tuple([z.string(), z.boolean()]),
      channel: z.string().default("web"),
      kind: z.discriminatedUnion("of", [z.object({ of: z.literal("gift"), to: z.email() }), z.object({ of: z.literal("own") })]),
      rest: z.intersection(z.object({ a: z.number() }), z.object({ b: z.unknown() })),
    }),
    version: 3,
    upcast: { 1: ({ data }) => ({ ...data, quantity: data.count }), 2: ({ data }) => ({ channel: "web", ...data }) },
    downcast: { 3: ({ data }) => ({ ...data, channel: undefined }), 2: ({ data }) => ({ ...data, count: data.quantity }) },
  },
  CartConfirmed: {
    schema: z.object({ at: z.date(), amount: z.bigint(), tags: z.set(z.string()), lines: z.array(z.object({ until: z.date().nullable() })) }),
    stored: { at: asDate, amount: asBigInt, tags: asSet, "lines[].until": asDate },
  },
  TreeGrown: tree,
});
const valibot = defineEvents({
  ItemAdded: v.object({
    sku: v.pipe(v.string(), v.minLength(1)),
    quantity: v.pipe(v.number(), v.integer(), v.minValue(1)),
    size: v.optional(v.picklist(["s", "m"])),
    note: v.nullable(v.union([v.string(), v.boolean()])),
  }),
  CartConfirmed: { schema: v.object({ at: v.date() }), stored: { at: asDate } },
});
const arktype = defineEvents({
  ItemAdded: type({ sku: "string>0", "quantity?": "number.integer", sizes: "('s'|'m')[]>=1", price: "0<=number<1000" }),
  CartConfirmed: { schema: type({ at: "Date", by: "string | null" }), stored: { at: asDate } },
});

describe("the contract of a catalogue", () => {
  test.each<[string, EventCatalogue]>([
    ["zod", zod],
    ["valibot", valibot],
    ["arktype", arktype],
  ])("holds for types of %s by data that their schemas describe", async (_library, events) => {
    const found = await outcomes({ events });
    expect(Object.keys(found)).toEqual(events.types.flatMap((name) => (events === zod && name === "ItemAdded" ? [1, 2, 3] : [1]).map((n) => `${name} ${n}`)));
    for (const outcome of Object.values(found)) expect(outcome).toBe("passed");
  });

  test("makes other values at each run of a test, as many as it is told", async () => {
    const seen = new Set<string>();
    const events = defineEvents({ ItemAdded: z.object({ sku: z.string().refine((sku) => seen.add(sku).size > 0) }) });
    expect(await outcomes({ events, runs: 200 })).toEqual({ "ItemAdded 1": "passed" });
    expect(seen.size).toBeGreaterThan(100);
  });

  test("tries lists and arbitraries of older versions and of retired types", async () => {
    const tried: unknown[] = [];
    const events = defineEvents({
      ItemAdded: {
        schema: z.object({ sku: z.string(), quantity: z.number().int() }),
        version: 2,
        upcast: {
          1: ({ data }) => {
            tried.push(data.item);
            return data.item === "gone" ? become([]) : { sku: data.item, quantity: 1 };
          },
        },
      },
      BasketFilled: retired(({ data }) => data.skus.map((item: string) => ({ type: "ItemAdded", data: { item } })), { becomes: ["ItemAdded"] }),
      CartTouched: retired(() => []),
    });
    const data = {
      ItemAdded: { 1: [{ item: "tea" }, { item: "gone" }] },
      BasketFilled: { 1: fc.record({ skus: fc.array(fc.string()) }), 2: [{ skus: ["jam"] }] },
    };
    expect(await outcomes({ events, data: { ...data, CartTouched: { 1: [] } }, runs: 20 })).toEqual({
      "ItemAdded 1": "passed",
      "ItemAdded 2": "passed",
      "BasketFilled 1": "passed",
      "BasketFilled 2": "passed",
    });
    expect(tried).toEqual(expect.arrayContaining(["tea", "gone", "jam"]));
  });

  test("fails with the smallest data for which a step is wrong", async () => {
    const events = defineEvents({
      ItemAdded: {
        schema: z.object({ sku: z.string(), quantity: z.number().int().max(100) }),
        version: 2,
        upcast: { 1: ({ data }) => ({ sku: data.sku, quantity: data.count > 50 ? String(data.count) : data.count }) },
        downcast: { 2: ({ data }) => ({ sku: data.sku, count: data.quantity }) },
      },
    });
    const { "ItemAdded 1": older, "ItemAdded 2": newest } = await outcomes({ events });
    expect(newest).toBe("passed");
    expect(older).toContain(
      "becomes what today's schemas accept does not hold for { sku: '', quantity: 51 }: the schema of \"ItemAdded\" refuses what it becomes",
    );
    expect(older).toContain("data.quantity");
    expect(older).toContain("Seed 42, path ");
  });

  test("fails where a codec, a schema or a step does not give the same back", async () => {
    let made = 0;
    const lossy = { encode: (at: Date) => at.getUTCFullYear(), decode: (year: number) => new Date(Date.UTC(year, 0)) };
    const events = defineEvents({
      Lossy: { schema: z.object({ at: z.date() }), stored: { at: lossy } },
      Length: z.object({ name: z.string().transform((name) => name.length) }),
      Named: { schema: z.object({ id: z.number() }), version: 2, upcast: { 1: () => ({ id: ++made }) } },
    });
    const data = { Lossy: { 1: [{ at: new Date("2026-05-01") }] }, Length: { 1: fc.record({ name: fc.string() }) }, Named: { 1: [{}] } };
    const found = await outcomes({ events, data });
    expect(found["Lossy 1"]).toContain(
      'what is read back is not what was appended: { at: 2026-01-01T00:00:00.000Z }, not { at: 2026-05-01T00:00:00.000Z }; it is stored as {"at":2026}',
    );
    expect(found["Length 1"]).toMatch(/refuses what is read back.*name the type in transforms/s);
    expect(found["Named 1"]).toContain("and the next time as");
    expect(await outcomes({ events, data, transforms: ["Length"] })).toMatchObject({ "Length 1": "passed" });
  });

  test("fails where there is nothing to try, and says what to give", async () => {
    const events = defineEvents({
      Plain: event<{ sku: string }>(),
      Shown: { schema: event<{ sku: string }>(), examples: [{ sku: "tea" }], version: 2, upcast: { 1: ({ data }) => data } },
      Odd: z.object({ sku: z.string().refine((sku) => sku === "tea, and nothing else") }),
      Gone: retired(() => []),
    });
    const found = await outcomes({ events });
    expect(found["Plain 1"]).toContain(
      'There is no data for version 1 of "Plain" (event<Data>() has a type of TypeScript only). Give data: { "Plain": { 1: [ … ] } }',
    );
    expect(found["Shown 1"]).toContain("no steps of downcast lead there");
    expect(found["Shown 2"]).toBe("passed");
    expect(found["Odd 1"]).toContain("refuses nearly all that fits its JSON Schema");
    expect(found["Gone 1"]).toContain('no data for version 1 of "Gone"');
  });

  test("awaits asynchronous schemas, and refuses given data that a schema refuses", async () => {
    const events = defineEvents({ ItemAdded: z.object({ sku: z.string().refine(async (sku) => sku !== "gin") }) });
    expect(await outcomes({ events })).toEqual({ "ItemAdded 1": "passed" });
    expect((await outcomes({ events, data: { ItemAdded: { 1: [{ sku: "gin" }] } } }))["ItemAdded 1"]).toContain(
      "does not hold for { sku: 'gin' }: the schema refuses it",
    );
  });

  test("takes an answer that Standard Schema does not know for a refusal, as an append does", async () => {
    // oxlint-disable-next-line typescript/no-explicit-any -- what a schema with a flaw returns
    const flawed = (result: any): StandardSchema => ({ "~standard": { version: 1, vendor: "mine", validate: () => result } });
    const events = defineEvents({ Nothing: flawed(undefined), Told: flawed({ issues: "none" }) });
    const found = await outcomes({ events, data: { Nothing: { 1: [{ sku: "tea" }] }, Told: { 1: [{ sku: "tea" }] } } });
    expect([found["Nothing 1"], found["Told 1"]]).toEqual([expect.stringContaining("the schema refuses it"), expect.stringContaining("the schema refuses it")]);
  });

  test("refuses options that cannot be meant", () => {
    const events = defineEvents({ ItemAdded: event<{ sku: string }>(), Gone: retired(() => []) });
    const call = (contract: object) => () => catalogueContract({ test: () => {}, events, ...contract });
    expect(call({ data: { ItemAded: { 1: [] } } })).toThrow('did you mean "ItemAdded"');
    expect(call({ data: { ItemAdded: { 2: [] } } })).toThrow("is no version; there are 1 to 1");
    expect(call({ data: { ItemAdded: [{ sku: "tea" }] } })).toThrow("must be an object of data by version");
    expect(call({ data: { ItemAdded: { 1: { sku: "tea" } } } })).toThrow("must be an array of data or an arbitrary of fast-check");
    expect(call({ run: 3 })).toThrow('did you mean "runs"');
    expect(call({ events: {} })).toThrow("defineEvents");
    // @ts-expect-error -- no test
    expect(() => catalogueContract({ events })).toThrow("contract.test is missing");
  });

  test("needs fast-check for data that it makes, and not for lists", async () => {
    vi.doMock("fast-check", () => {
      throw new Error("not installed");
    });
    const events = defineEvents({ ItemAdded: z.object({ sku: z.string() }) });
    try {
      expect((await outcomes({ events }))["ItemAdded 1"]).toContain("Run: npm install fast-check");
      expect(await outcomes({ events, data: { ItemAdded: { 1: [{ sku: "tea" }] } } })).toEqual({ "ItemAdded 1": "passed" });
    } finally {
      vi.doUnmock("fast-check");
    }
  });
});
