import { type } from "arktype";
import {
  asBigInt,
  asDate,
  asSet,
  defineEvents,
  event,
  type EventCatalogue,
  type EventDefinition,
  retired,
  type RetiredEvent,
  type StandardSchema,
} from "tidemark";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { CatalogueChange } from "../../src/catalogue/diff/catalogue-change.ts";
import { diffCatalogues } from "../../src/catalogue/diff/diff-catalogues.ts";
import { DefinedEvents } from "../../src/catalogue/defined-events.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- definitions of any shape
type Definition = StandardSchema<any, any> | EventDefinition<StandardSchema<any, any>> | RetiredEvent;

function defined(definitions: Record<string, Definition>): DefinedEvents {
  const catalogue: EventCatalogue = defineEvents(definitions);
  if (catalogue instanceof DefinedEvents) return catalogue;
  throw new Error("no catalogue");
}

const diff = (old: Record<string, Definition>, now: Record<string, Definition>): Promise<readonly CatalogueChange[]> =>
  diffCatalogues(defined(old), defined(now));

type Told = readonly [path: string | undefined, message: unknown, needs: string, done: boolean, oldCode: string];
const told = (changes: readonly CatalogueChange[]): unknown => changes.map(({ path, message, needs, done, oldCode }) => [path, message, needs, done, oldCode]);
const expected = (rows: readonly Told[]): unknown => rows.map((row) => [...row]);

const A = z.object({ sku: z.string() });
const line = (fields: object): z.ZodType => z.object({ lines: z.array(z.object({ sku: z.string(), ...fields })) });

/** Between two schemas of one type at one version. */
const schemas: readonly [what: string, old: StandardSchema, now: StandardSchema, rows: readonly Told[]][] = [
  ["nothing", A, z.object({ sku: z.string().describe("the article") }), []],
  ["a field added, optional", A, A.extend({ note: z.string().optional() }), [["data.note", "is new, and optional", "nothing", true, "reads"]]],
  ["a field added, required", A, A.extend({ gift: z.boolean() }), [["data.gift", "is new, and always there", "default", false, "reads"]]],
  ["a field added with a default", A, A.extend({ gift: z.boolean().default(false) }), [["data.gift", "is new, and always there", "default", false, "reads"]]],
  ["a field removed", A.extend({ note: z.string() }), A, [["data.note", "is gone", "nothing", true, "misreads"]]],
  ["an optional field removed", A.extend({ note: z.string().optional() }), A, [["data.note", "is gone; it was optional", "nothing", true, "reads"]]],
  ["a field renamed", A, z.object({ product: z.string() }), [["data.product", "is new, and sku is gone: a new name?", "upcaster", false, "misreads"]]],
  [
    "optional to required",
    z.object({ n: z.number().optional() }),
    z.object({ n: z.number() }),
    [["data.n", "was optional, and is always there", "default", false, "reads"]],
  ],
  [
    "required to optional",
    z.object({ n: z.number() }),
    z.object({ n: z.number().optional() }),
    [["data.n", "was always there, and is optional", "nothing", true, "misreads"]],
  ],
  ["a type changed", A, z.object({ sku: z.number() }), [["data.sku", "was string, and is number", "upcaster", false, "misreads"]]],
  ["integer to number", z.object({ n: z.int() }), z.object({ n: z.number() }), [["data.n", "was integer, and is number", "nothing", true, "misreads"]]],
  ["number to integer", z.object({ n: z.number() }), z.object({ n: z.int() }), [["data.n", "was number, and is integer", "upcaster", false, "reads"]]],
  ["null allowed", A, z.object({ sku: z.string().nullable() }), [["data.sku", "can also be null", "nothing", true, "misreads"]]],
  ["null forbidden", z.object({ sku: z.string().nullable() }), A, [["data.sku", "is no longer null", "upcaster", false, "reads"]]],
  ["a union widened", A, z.object({ sku: z.union([z.string(), z.number()]) }), [["data.sku", "can also be number", "nothing", true, "misreads"]]],
  [
    "an enum widened",
    z.object({ c: z.enum(["web"]) }),
    z.object({ c: z.enum(["web", "shop"]) }),
    [["data.c", 'can also be "shop"', "nothing", true, "misreads"]],
  ],
  [
    "an enum narrowed",
    z.object({ c: z.enum(["web", "shop"]) }),
    z.object({ c: z.enum(["web"]) }),
    [["data.c", 'can no longer be "shop"', "upcaster", false, "reads"]],
  ],
  ["an enum opened", z.object({ c: z.enum(["web"]) }), z.object({ c: z.string() }), [["data.c", 'was "web", and is string', "nothing", true, "misreads"]]],
  [
    "a bound raised",
    z.object({ n: z.number().min(1) }),
    z.object({ n: z.number().min(2) }),
    [["data.n", "minimum was 1, and is 2", "upcaster", false, "reads"]],
  ],
  [
    "a bound lowered",
    z.object({ n: z.string().max(3) }),
    z.object({ n: z.string().max(9) }),
    [["data.n", "maxLength was 3, and is 9", "nothing", true, "misreads"]],
  ],
  [
    "a bound removed",
    z.object({ n: z.string().max(3) }),
    z.object({ n: z.string() }),
    [["data.n", "maxLength was 3, and is open", "nothing", true, "misreads"]],
  ],
  ["in an array", line({}), line({ gift: z.boolean() }), [["data.lines[].gift", "is new, and always there", "default", false, "reads"]]],
  [
    "an array's items",
    z.object({ t: z.array(z.string()) }),
    z.object({ t: z.array(z.number()) }),
    [["data.t[]", "was string, and is number", "upcaster", false, "misreads"]],
  ],
  ["a value to an array", A, z.object({ sku: z.array(z.string()) }), [["data.sku", "was string, and is array of string", "upcaster", false, "misreads"]]],
  [
    "a record's values",
    z.record(z.string(), z.string()),
    z.record(z.string(), z.string().nullable()),
    [["data{}", "can also be null", "nothing", true, "misreads"]],
  ],
  [
    "what was nested",
    z.object({ a: z.object({ b: z.object({ c: z.string() }) }) }),
    z.object({ a: z.object({ b: z.object({ c: z.number() }) }) }),
    [["data.a.b.c", "was string, and is number", "upcaster", false, "misreads"]],
  ],
  ["an open field closed", z.object({ x: z.any() }), z.object({ x: z.string() }), [["data.x", "was any, and is string", "upcaster", false, "reads"]]],
  [
    "a field named as an annotation",
    z.object({ title: z.string() }),
    z.object({ title: z.number() }),
    [["data.title", "was string, and is number", "upcaster", false, "misreads"]],
  ],
  [
    "an intersection of objects",
    A.and(z.object({ n: z.number() })),
    A.and(z.object({ n: z.number(), gift: z.boolean() })),
    [["data.gift", "is new, and always there", "default", false, "reads"]],
  ],
  [
    "an intersection of valibot",
    v.intersect([v.object({ a: v.string() }), v.object({ n: v.number() })]),
    v.intersect([v.object({ a: v.string() }), v.object({ n: v.string() })]),
    [["data.n", "was number, and is string", "upcaster", false, "misreads"]],
  ],
  ["an intersection for one object", A.and(z.object({ n: z.number() })), A.extend({ n: z.number() }), []],
  [
    "an intersection that is no object",
    z.object({ x: z.string().and(z.string().regex(/a/)) }),
    z.object({ x: z.string().and(z.string().regex(/b/)) }),
    [["data.x", expect.anything(), "upcaster", false, "misreads"]],
  ],
  [
    "arktype",
    type({ sku: "string" }),
    type({ sku: "string", "note?": "string", n: "number" }),
    [
      ["data.n", "is new, and always there", "default", false, "reads"],
      ["data.note", "is new, and optional", "nothing", true, "reads"],
    ],
  ],
  [
    "valibot",
    v.object({ sku: v.string() }),
    v.object({ sku: v.string(), n: v.optional(v.number(), 1) }),
    [["data.n", "is new, and always there", "default", false, "reads"]],
  ],
];

describe("a change of a schema at the same version", () => {
  test.for(schemas)("%s", async ([, old, now, rows]) => {
    expect(told(await diff({ T: old }, { T: now }))).toEqual(expected(rows));
  });

  test("is told for each alternative of a union by its mark", async () => {
    const paid = (...more: z.core.$ZodTypeDiscriminable[]): z.ZodType =>
      z.object({
        by: z.discriminatedUnion("kind", [
          z.object({ kind: z.literal("cash") }),
          z.object({ kind: z.literal("card"), n: more.length > 0 ? z.number() : z.string() }),
          ...more,
        ]),
      });
    const more = paid(z.object({ kind: z.literal("gift") }));
    expect(told(await diff({ T: paid() }, { T: more }))).toEqual([
      ["data.by.n", "was string, and is number", "upcaster", false, "misreads"],
      ["data.by", 'can also be { kind: "gift", … }', "nothing", true, "misreads"],
    ]);
    expect(told(await diff({ T: more }, { T: paid() }))).toContainEqual(["data.by", 'is no longer { kind: "gift", … }', "upcaster", false, "reads"]);
  });

  test("is found in a schema that contains itself, once", async () => {
    const tree = (value: z.ZodType): z.ZodType => {
      const node: z.ZodType = z.object({ value, children: z.array(z.lazy(() => node)) });
      return z.object({ root: node });
    };
    expect(told(await diff({ T: tree(z.string()) }, { T: tree(z.string()) }))).toEqual([]);
    expect(told(await diff({ T: tree(z.string()) }, { T: tree(z.number()) }))).toEqual([
      ["data.root.value", "was string, and is number", "upcaster", false, "misreads"],
    ]);
  });

  test("is found in alternatives that contain themselves and have no mark", async () => {
    const tree = (value: z.ZodType): z.ZodType => {
      const node: z.ZodType = z.object({ value, children: z.array(z.lazy(() => node)) });
      return node;
    };
    const either = (value: z.ZodType): z.ZodType => z.object({ root: z.union([tree(z.string()), tree(value)]) });
    expect(told(await diff({ T: either(z.number()) }, { T: either(z.number()) }))).toEqual([]);
    expect(told(await diff({ T: either(z.number()) }, { T: either(z.boolean()) }))).toEqual([["data.root", expect.anything(), "upcaster", false, "misreads"]]);
  });

  test("comes with what to write", async () => {
    const [added] = await diff({ T: A }, { T: A.extend({ gift: z.boolean() }) });
    expect(added?.remedy).toBe('version: 2, upcast: { 1: ({ data }) => ({ ...data, "gift": … }) }');
    const [nested] = await diff(
      { T: { schema: line({}), version: 2, upcast: { 1: ({ data }) => data } } },
      { T: { schema: line({ n: z.number() }), version: 2, upcast: { 1: ({ data }) => data } } },
    );
    expect(nested?.remedy).toBe("version: 3, upcast: { 2: ({ data }) => … }, with a step that fills in data.lines[].n");
  });
});

describe("a change of a stored form", () => {
  const dated = { schema: z.object({ at: z.date() }), stored: { at: asDate } };

  test("is one of the JSON that is stored", async () => {
    expect(told(await diff({ T: z.object({ at: z.string() }) }, { T: dated }))).toEqual([
      ["data.at", "was string, and is string (date-time)", "upcaster", false, "reads"],
    ]);
    expect(told(await diff({ T: z.object({ at: z.iso.datetime() }) }, { T: dated }))).toMatchObject([
      ["data.at", expect.anything(), "nothing", true, "misreads"],
    ]);
    expect(told(await diff({ T: z.object({ n: z.number() }) }, { T: { schema: z.object({ n: z.bigint() }), stored: { n: asBigInt } } }))).toEqual([
      ["data.n", "was number, and is string", "upcaster", false, "misreads"],
    ]);
    expect(told(await diff({ T: dated }, { T: dated }))).toEqual([]);
  });

  test("of an own codec is told by its code, unless its field is new", async () => {
    const own = (decode: (text: string) => URL): Definition => ({
      schema: z.object({ url: z.instanceof(URL) }),
      stored: { url: { encode: (url: URL) => url.href, decode } },
    });
    const same = (): Definition => own((text) => new URL(text));
    expect(told(await diff({ T: same() }, { T: same() }))).toEqual([]);
    expect(told(await diff({ T: same() }, { T: own((text) => new URL(`https://${text}`)) }))).toEqual([
      ["data.url", "is stored by another codec", "upcaster", false, "misreads"],
    ]);
    expect(told(await diff({ T: z.object({}) }, { T: same() }))).toEqual([["data.url", "is new, and always there", "default", false, "reads"]]);
  });

  test("of a type without JSON Schema is told, too", async () => {
    expect(told(await diff({ T: event<object>() }, { T: { schema: event<object>(), stored: { tags: asSet } } }))).toEqual([
      [undefined, "cannot be compared: event<Data>() has a type of TypeScript only", "nothing", true, "unknown"],
      ["data.tags", "is stored by a codec", "upcaster", false, "misreads"],
    ]);
  });
});

describe("a change of a version", () => {
  const first = { schema: A };
  const second = { schema: A.extend({ gift: z.boolean() }), version: 2, upcast: { 1: ({ data }: { data: object }) => ({ ...data, gift: false }) } };

  test("raised, with a step, has what its fields need, but the old code refuses it", async () => {
    expect(told(await diff({ T: first }, { T: second }))).toEqual([
      [undefined, "has version 2 in place of 1, with the steps between them", "upcaster", true, "refuses"],
      ["data.gift", "is new, and always there", "default", true, "refuses"],
    ]);
    const [raised] = await diff({ T: first }, { T: { ...second, downcast: { 2: ({ data: { sku } }) => ({ sku }) } } });
    expect(raised?.message).toContain('readers in new code can ask for as: { "T": 1 }');
  });

  test("lowered cannot be", async () => {
    expect(told(await diff({ T: second }, { T: first }))).toEqual([
      [undefined, "has version 2, and version 1 after it: events of version 2 are stored", "version", false, "misreads"],
    ]);
  });

  test("whose step does not make the new shape is shown by the old code's examples", async () => {
    const wrong = { ...second, upcast: { 1: ({ data }: { data: object }) => data }, examples: [{ sku: "tea", gift: true }] };
    expect(told(await diff({ T: { ...first, examples: [{ sku: "tea" }] } }, { T: wrong }))).toContainEqual([
      undefined,
      expect.stringContaining("the old code's examples[0] does not fit: data.gift"),
      "upcaster",
      false,
      "refuses",
    ]);
    const right = { ...second, examples: [{ sku: "tea", gift: true }] };
    expect((await diff({ T: { ...first, examples: [{ sku: "tea" }] } }, { T: right })).every(({ done }) => done)).toBe(true);
  });

  test("is no hindrance to telling a step that is other code, and a downcast that is gone", async () => {
    const back = { ...second, downcast: { 2: ({ data: { sku } }: { data: { sku: string } }) => ({ sku }) } };
    expect(told(await diff({ T: back }, { T: { ...second, upcast: { 1: ({ data }) => ({ ...data, gift: true }) } } }))).toEqual([
      [undefined, expect.stringContaining("step 1 is other code"), "nothing", true, "reads"],
      [undefined, 'can be read in version 1 no more: readers with as: { "T": 1 } fail', "downcast", false, "reads"],
    ]);
  });
});

describe("without JSON Schema, examples", () => {
  const checked = (field: string, example: object = { [field]: 1 }): Definition => ({
    schema: {
      "~standard": {
        version: 1,
        vendor: "mine",
        validate: async (value: unknown) =>
          typeof value === "object" && value !== null && field in value ? { value } : { issues: [{ message: "is missing", path: [field] }] },
      },
    },
    examples: [example],
  });

  test("of plain types are compared with each other, and say that they are all there is", async () => {
    const plain = (...examples: object[]): Definition => ({ schema: event<object>(), stored: { at: asDate }, examples });
    const note = (oldCode = "unknown"): Told => [undefined, expect.stringMatching(/^is compared by its examples alone: event<Data>/), "nothing", true, oldCode];
    const one = { sku: "tea", lines: [{ n: 1 }], at: new Date(0) };
    expect(told(await diff({ T: plain(one) }, { T: plain({ ...one, sku: "jam" }) }))).toEqual(expected([note()]));
    const changes = await diff({ T: plain(one) }, { T: plain({ sku: "tea", lines: [{ n: "1" }, { n: 1 }], gift: true, at: new Date(1) }) });
    expect(told(changes)).toEqual(
      expected([
        note(),
        ["data.gift", "is new, and always there, by the examples", "default", false, "reads"],
        ["data.lines[].n", "can also be string, by the examples", "nothing", true, "misreads"],
      ]),
    );
    expect(changes[1]?.remedy).toBe(
      'version: 2, upcast: { 1: ({ data }) => ({ ...data, "gift": … }) }; or examples that also show the old shape, if it may still be written',
    );
    // With an example of the old shape beside the new one, it is optional.
    expect(told(await diff({ T: plain(one) }, { T: plain({ ...one, gift: true }, one) }))).toEqual(
      expected([note(), ["data.gift", "is new, and optional, by the examples", "nothing", true, "reads"]]),
    );
    const raised = { schema: event<object>(), version: 2, upcast: { 1: ({ data }: { data: object }) => data }, examples: [{ gift: true }] };
    expect(told(await diff({ T: { schema: event<object>(), examples: [{}] } }, { T: raised }))).toEqual(
      expected([
        [undefined, "has version 2 in place of 1, with the steps between them", "upcaster", true, "refuses"],
        note("refuses"),
        ["data.gift", "is new, and always there, by the examples", "default", true, "refuses"],
      ]),
    );
    // One that cannot be stored, and none at all, show nothing.
    expect((await diff({ T: event<object>() }, { T: plain(one) })).map(({ comparedBy }) => comparedBy)).toEqual(["nothing", undefined]);
  });

  test("show what old events lack, and what the old code would miss", async () => {
    const changes = await diff({ T: checked("sku") }, { T: checked("product") });
    expect(told(changes)).toEqual([
      [undefined, "cannot be compared: this schema of mine has no Standard JSON Schema", "nothing", true, "unknown"],
      [undefined, "the old code's examples[0] does not fit: data.product: is missing", "upcaster", false, "unknown"],
    ]);
    const both = checked("sku", { sku: 1, product: 1 });
    expect(told(await diff({ T: both }, { T: checked("product") }))).toEqual([
      [undefined, expect.stringContaining("cannot be compared"), "nothing", true, "unknown"],
      [undefined, "the new code's examples[0] does not fit the old code: data.sku: is missing", "nothing", true, "misreads"],
    ]);
  });
});

test("examples of a schema that transforms its input say nothing about what it returned", async () => {
  const length = { schema: z.object({ n: z.string().transform((text) => text.length) }), examples: [{ n: "tea" }] };
  expect(told(await diff({ T: length }, { T: length }))).toEqual([]);
});

describe("a change of a whole type", () => {
  test("new, gone, retired, and back", async () => {
    const gone = retired(() => []);
    expect(told(await diff({}, { T: A }))).toEqual([[undefined, "is new", "nothing", true, "refuses"]]);
    expect(told(await diff({ T: A }, { T: gone }))).toEqual([[undefined, "is retired", "rename", true, "reads"]]);
    expect(told(await diff({ T: A }, {}))).toEqual([[undefined, "is gone, but events of it are stored", "rename", false, "reads"]]);
    expect(told(await diff({ T: gone }, {}))).toEqual([[undefined, "was retired, and is gone, but events of it are stored", "rename", false, "reads"]]);
    expect(told(await diff({}, { T: gone }))).toEqual([[undefined, "is new, and retired", "nothing", true, "reads"]]);
    expect(told(await diff({ T: gone }, { T: gone }))).toEqual([]);
    expect(told(await diff({ T: gone }, { T: A }))).toEqual([[undefined, "was retired, and is written again", "upcaster", false, "misreads"]]);
  });

  test("gone names the new type of its shape that it may have become", async () => {
    const changes = await diff({ Confirmed: A }, { Opened: z.object({ at: z.number() }), Paid: A.extend({ note: z.string().optional() }) });
    expect(changes[0]?.remedy).toBe('Confirmed: retired(({ data }) => [{ type: "Paid", data }], { becomes: ["Paid"] })');
    const [alone] = await diff({ "a b": event() }, {});
    expect(alone?.remedy).toMatch(/^"a b": retired\(.* or retired\(\(\) => \[\]\)/);
  });
});
