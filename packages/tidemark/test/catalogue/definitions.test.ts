import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createCodec } from "../../src/catalogue/create-codec.ts";
import { event } from "../../src/catalogue/plain-event.ts";
import { retired } from "../../src/catalogue/retired.ts";
import { asDate, asMap } from "../../src/catalogue/stored-codecs.ts";
import { checkExamples } from "../../src/catalogue/try-examples.ts";
import { codecOf, define } from "./stored-event.ts";

const same = ({ data }: { data: unknown }): unknown => data;
const none = (): [] => [];

/** A definition with a plain schema. */
function of(rest: object): object {
  return { A: { schema: event(), ...rest }, B: event() };
}

describe("a catalogue is refused", () => {
  const line = z.object({ sku: z.string() });
  const dated = z.object({ at: z.date() });
  test.each<[string, unknown, string]>([
    ["that is no object", [], "definitions must be an object such as { ItemAdded: schema }, not an array"],
    [
      "a definition that is no schema",
      { A: "string" },
      'definitions.A must be a schema (zod, valibot, arktype or another Standard Schema), event<Data>(), { schema, … } or retired, not "string"',
    ],
    [
      "a definition without a schema",
      { A: { version: 1 } },
      "definitions.A.schema must be a schema (zod, valibot, arktype or another Standard Schema) or event<Data>(), not undefined",
    ],
    ["a misspelt part", of({ upcasts: {} }), 'definitions.A.upcasts is not a part of a definition; did you mean "upcast"?'],
    [
      "an impossible name of a type",
      { "A\n": event() },
      'definitions["A\\n"] holds the control character \\n at index 1; an event type must hold none; got "A\\n"',
    ],
    ["a version that is none", of({ version: 1.5 }), "definitions.A.version must be a whole number from 1 to 10000, not 1.5"],
    [
      "a hole",
      of({ version: 4, upcast: { 1: same, 3: same } }),
      "definitions.A.upcast has no step 2, from version 2 to 3: events stored in version 2 could not be read",
    ],
    ["a version without any step", of({ version: 2 }), "definitions.A.upcast has no step 1, from version 1 to 2: events stored in version 1 could not be read"],
    [
      "a step for no version",
      of({ version: 1, upcast: { 1: same } }),
      "definitions.A.upcast[1] leads from version 1 to 2, but the newest version is 1; set version to 2, or remove the step",
    ],
    [
      "a step far beyond",
      of({ version: 2, upcast: { 1: same, 7: same } }),
      "definitions.A.upcast[7] leads from version 7 to 8, but the newest version is 2; set version, or correct the step's number",
    ],
    ["a step 0", of({ upcast: { 0: same } }), 'definitions.A.upcast["0"] is no version: steps are numbered from 1, such as { 1: ({ data }) => next }'],
    ["a step that is no function", of({ version: 2, upcast: { 1: {} } }), "definitions.A.upcast[1] must be a function, not an object"],
    [
      "a downcast without its upcast",
      of({ version: 2, upcast: { 1: same }, downcast: { 2: same, 3: same } }),
      "definitions.A.downcast[3] leads from version 3 to 2, but there is no step 2 in upcast: the newest version is 2",
    ],
    [
      "a downcast that is never reached",
      of({ version: 3, upcast: { 1: same, 2: same }, downcast: { 2: same } }),
      "definitions.A.downcast[2] is never reached: there is no step 3, from version 3 to 2",
    ],
    [
      "a downcast below the first version",
      of({ version: 2, upcast: { 1: same }, downcast: { 1: same } }),
      "definitions.A.downcast[1] leads below version 1, the first; a step n leads from version n to n - 1",
    ],
    [
      "a codec that is none",
      of({ stored: { at: "date" } }),
      'definitions.A.stored.at must be asDate, asBigInt, asSet, asMap or { encode, decode }, not "date"',
    ],
    ["half a codec", of({ stored: { at: { encode: same } } }), "definitions.A.stored.at.decode must be a function, not undefined"],
    [
      "a path that is none",
      of({ stored: { "lines[0].at": asDate } }),
      'definitions.A.stored["lines[0].at"] is no path such as "at", "lines[].at" or "rates{}.since"; got "lines[0].at"',
    ],
    [
      "paths that overlap",
      of({ stored: { "rates[].at": asDate, rates: asMap } }),
      'definitions.A.stored.rates overlaps with the path "rates[].at": one codec has to do for all of a value',
    ],
    [
      "paths that overlap the other way",
      of({ stored: { rates: asMap, "rates[].at": asDate } }),
      'definitions.A.stored["rates[].at"] overlaps with the path "rates": one codec has to do for all of a value',
    ],
    ["examples that are no array", of({ examples: {} }), 'definitions.A.examples must be an array of data such as [{ sku: "tea" }], not an object'],
    [
      "an example that the schema refuses",
      { A: { schema: z.object({ lines: z.array(line) }), examples: [{ lines: [] }, { lines: [{ sku: 1 }] }] } },
      "definitions.A.examples[1].lines[0].sku is refused by the schema: Invalid input: expected string, received number",
    ],
    [
      "an example that JSON cannot hold",
      { A: { schema: dated, examples: [{ at: new Date(0) }] } },
      "definitions.A.examples[0].at is an object of class Date, which JSON would change; pass its toISOString(), or name its codec in stored, such as { at: asDate }",
    ],
    [
      "an example that its codec refuses",
      of({ stored: { at: asDate }, examples: [{ at: "noon" }] }),
      'definitions.A.examples[0].at does not fit its codec in stored: must be a Date, not "noon"',
    ],
    [
      "a stored path that no example has",
      { A: { schema: dated, stored: { at: asDate, ta: asDate }, examples: [{ at: new Date(0) }] } },
      "definitions.A.stored.ta is a path that no example has; correct it, or add an example with a value there",
    ],
    ["a description that is none", of({ description: 3 }), "definitions.A.description must be a string, not 3"],
    ["an unknown type in becomes", of({ becomes: ["b"] }), 'definitions.A.becomes[0] is "b", which is no type of this catalogue; did you mean "B"?'],
    ["an empty becomes", of({ becomes: [] }), "definitions.A.becomes is empty; leave it out if no step makes events of other types"],
    [
      "an unknown type in a retired one's becomes",
      { ItemAdded: event(), R: retired(none, { becomes: ["ItemAded"] }) },
      'definitions.R.options.becomes[0] is "ItemAded", which is no type of this catalogue; did you mean "ItemAdded"?',
    ],
    [
      "an option of retired that is none",
      { R: retired(none, Object({ become: [] })) },
      'definitions.R.options.become is not an option of retired; did you mean "becomes"?',
    ],
    ["a retired type without a step", { R: retired(Object({})) }, "definitions.R.step must be a function, not an object"],
    ["a retired type that becomes itself", { R: retired(none, { becomes: ["R"] }) }, 'definitions.R.options.becomes leads in a circle: "R" becomes "R"'],
    [
      "a circle of retired types",
      { R: retired(none, { becomes: ["S"] }), S: retired(none, { becomes: ["R"] }) },
      'definitions.R.options.becomes leads in a circle: "R" becomes "S" becomes "R"',
    ],
    [
      "a circle through a type that is written",
      { A: { schema: event(), version: 2, upcast: { 1: same }, becomes: ["R"] }, R: retired(none, { becomes: ["A"] }) },
      'definitions.R.options.becomes leads in a circle: "R" becomes "A" becomes "R"',
    ],
    [
      "with another prototype",
      { __proto__: event(), A: event() },
      'definitions must be a plain object, not an object with another prototype; write a type named __proto__ as ["__proto__"]: schema',
    ],
  ])("for %s", (_what, definitions, message) => {
    expect(() => define(definitions)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", message }));
  });
});

test("a catalogue takes types named like what every object has", () => {
  expect(define({ ["__proto__"]: event(), constructor: event(), toString: retired(none) }).types).toEqual(["__proto__", "constructor"]);
});

test("a catalogue without types is one", () => {
  expect(define({}).types).toEqual([]);
});

test("what the caller changes later in the definitions has no effect", () => {
  const upcast: Record<number, unknown> = { 1: same };
  const definition = { schema: event(), version: 2, upcast, examples: [{}] };
  const catalogue = define({ A: definition });
  delete upcast[1];
  definition.version = 3;
  expect(createCodec(catalogue).fingerprint).toBe(codecOf({ A: { schema: event(), version: 2, upcast: { 1: same } } }).fingerprint);
});

describe("examples of an asynchronous schema", () => {
  const slow = z.object({ sku: z.string().refine(async (sku) => sku !== "gin", "is not sold") });

  test("are not tried at the definition, but by checkExamples", async () => {
    const catalogue = define({ A: { schema: slow, examples: [{ sku: "tea" }, { sku: "gin" }] }, B: { schema: slow, examples: [{ sku: "tea" }] } });
    expect(await checkExamples(catalogue)).toEqual([
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: "definitions.A.examples[1].sku is refused by the schema: is not sold" }),
    ]);
  });

  test("that reject are told with their cause", async () => {
    const cause = new Error("the shop does not answer");
    const failing = { "~standard": { version: 1, vendor: "mine", validate: () => Promise.reject(cause) } };
    expect(await checkExamples(define({ A: { schema: failing, examples: ["tea"] } }))).toEqual([
      expect.objectContaining({ path: "definitions.A.examples", cause }),
    ]);
  });
});

describe("the fingerprint", () => {
  const base = { A: event(), B: { schema: event(), version: 2, upcast: { 1: same }, stored: { at: asDate } }, R: retired(none, { becomes: ["A"] }) };
  const { fingerprint } = codecOf(base);

  test("is the same whatever the order", () => {
    const { A, B, R } = base;
    expect(codecOf({ R, B, A }).fingerprint).toBe(fingerprint);
    expect(fingerprint).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each<[string, object]>([
    ["a type", { ...base, C: event() }],
    ["a version", { ...base, A: { schema: event(), version: 2, upcast: { 1: same } } }],
    ["a stored path", { ...base, B: { ...base.B, stored: { on: asDate } } }],
    ["a retired name", { ...base, S: retired(none) }],
    ["what a type becomes", { ...base, R: retired(none, { becomes: ["A", "B"] }) }],
  ])("differs by %s", (_what, other) => {
    expect(codecOf(other).fingerprint).not.toBe(fingerprint);
  });
});
