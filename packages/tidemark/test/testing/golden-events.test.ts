import { AssertionError } from "node:assert";
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { asBigInt, asDate, asMap, asSet, defineEvents, event, type EventCatalogue, type EventStep, retired } from "tidemark";
import { describe, expect, test as base } from "vitest";
import { z } from "zod";
import { goldenEvents } from "../../src/testing/index.ts";

const test = base.extend("folder", async ({}, { onCleanup }) => {
  const folder = await mkdtemp(join(tmpdir(), "tidemark-golden-"));
  onCleanup(() => rm(folder, { recursive: true }));
  return join(folder, "golden");
});

async function failureOf(events: EventCatalogue, folder: string): Promise<string> {
  const error = await goldenEvents(events, folder).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof AssertionError)) throw new Error("it did not fail with an AssertionError", { cause: error });
  return error.message;
}

const textsOf = async (folder: string): Promise<Record<string, string>> =>
  Object.fromEntries(await Promise.all((await readdir(folder)).toSorted().map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const)));

const priced = (step: EventStep = ({ data }) => ({ price: data.cents, gift: false }), price = 5): EventCatalogue =>
  defineEvents({
    Priced: {
      schema: z.object({ price: z.number(), gift: z.boolean().default(false) }),
      version: 2,
      upcast: { 1: step },
      downcast: { 2: ({ data }) => ({ cents: data.price }) },
      examples: [{ price }],
    },
  });

const entries = (events: Record<number, readonly unknown[]>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(events).map(([version, stored]) => [version, stored.map((one) => ({ stored: one }))]));

describe("goldenEvents", () => {
  test("writes the examples of each version, with what they become, and then passes", async ({ folder }) => {
    await goldenEvents(priced(), folder, { update: true });
    const texts = await textsOf(folder);
    const becomes = [{ type: "Priced", schemaVersion: 2, data: { gift: false, price: 5 } }];
    expect(Object.entries(texts).map(([name, text]) => [name, JSON.parse(text)])).toEqual([
      ["Priced.json", { type: "Priced", versions: { 1: [{ stored: { cents: 5 }, becomes }], 2: [{ stored: { gift: false, price: 5 }, becomes }] } }],
    ]);
    expect(texts["Priced.json"]).toMatch(/"stored": \{\s+"gift": false,\s+"price": 5/);
    await goldenEvents(priced(), folder);
    await goldenEvents(priced(), pathToFileURL(folder), { update: true });
    expect(await textsOf(folder)).toEqual(texts);
  });

  test("fails with type, version, path and both values, and rewrites only on demand", async ({ folder }) => {
    await goldenEvents(priced(), folder, { update: true });
    const texts = await textsOf(folder);
    const wrong = priced(({ data }) => ({ price: data.cents * 100 }));
    const message = await failureOf(wrong, folder);
    expect(message).toContain('"Priced" 1: entry 0 of Priced.json is read otherwise');
    expect(message).toContain("  becomes[0].data.gift: expected false, got nothing\n  becomes[0].data.price: expected 5, got 500");
    expect(message).toContain(`npx tidemark events golden --catalogue <file> --folder ${folder} --update`);
    expect(await textsOf(folder)).toEqual(texts);
    await goldenEvents(wrong, folder, { update: true });
    await goldenEvents(wrong, folder);
    expect(await failureOf(priced(), folder)).toContain("becomes[0].data.price: expected 500, got 5");
  });

  test("fails where a type, a version, a retired type or an example has no entry, and says how to write one", async ({ folder }) => {
    const told = await failureOf(priced(), folder);
    expect(told).toContain('"Priced" 1: has no entry: take real events with --from-store, or write one by hand');
    expect(told).toContain('"Priced" 2: has no entry: write those of its examples');
    await goldenEvents(priced(), folder, { update: true });
    expect(await failureOf(priced(undefined, 6), folder)).toContain('"Priced" 2: examples[0] of its definition has no entry');
    const more = defineEvents({ Gone: retired(() => []), Noted: event<object>() });
    await expect(goldenEvents(more, folder, { update: true })).rejects.toThrow(
      /"Noted" 1: has no entry: give its definition examples[^]*"Gone": is retired and has no entry/,
    );
  });

  test("keeps what a renamed, split or dropped type becomes, and fails once that is another type", async ({ folder }) => {
    const old = defineEvents({
      Renamed: { schema: event<object>(), examples: [{ a: 1 }] },
      Split: { schema: event<object>(), examples: [{ b: 2 }] },
      Dropped: { schema: event<object>(), examples: [{}] },
    });
    await goldenEvents(old, folder, { update: true });
    const today = (type: "New" | "Newer"): EventCatalogue =>
      defineEvents({
        New: { schema: event<object>(), examples: [{}] },
        Newer: { schema: event<object>(), examples: [{}] },
        Renamed: retired(({ data }) => [{ type, data }]),
        Split: retired(({ data }) => [
          { type: "New", data },
          { type: "Newer", data: {} },
        ]),
        Dropped: retired(() => []),
      });
    expect(await failureOf(defineEvents({ New: event() }), folder)).toMatch(/"Dropped" 1: entry 0 of Dropped.json cannot be read: [^]*unknownEvents/);
    await goldenEvents(today("New"), folder, { update: true });
    const parts = (text = ""): unknown => JSON.parse(text).versions[1][0].becomes.map(({ type }: { type: string }) => type);
    const texts = await textsOf(folder);
    expect(["Renamed", "Split", "Dropped"].map((type) => parts(texts[`${type}.json`]))).toEqual([["New"], ["New", "Newer"], []]);
    await goldenEvents(today("New"), folder);
    expect(await failureOf(today("Newer"), folder)).toContain('becomes[0].type: expected "New", got "Newer"');
  });

  const values: readonly [string, unknown, unknown][] = [
    ["a Date from its text", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["a bigint from a number", 5n, 5],
    ["a bigint from its neighbour beyond 2^53", 9_007_199_254_740_993n, 9_007_199_254_740_992n],
    ["a Set from an array", new Set([1]), [1]],
    ["a Map from an array", new Map([["a", 1]]), [["a", 1]]],
    ["a Map with another key", new Map([[1, 1]]), new Map([["1", 1]])],
    ["bytes from other bytes", new Uint8Array([1]), new Uint8Array([2])],
    ["an object of a class from its text", new URL("http://a.test/"), "http://a.test/"],
    ["minus zero from zero", -0, 0],
    ["NaN from null", Number.NaN, null],
    ["a mark from a field that looks like it", new Date(0), { $date: "1970-01-01T00:00:00.000Z" }],
  ];
  test.for(values)("tells %s", async ([, before, after], { folder }) => {
    const reading = (value: unknown): EventCatalogue =>
      defineEvents({ Held: { schema: event<object>(), stored: { at: { encode: () => "kept", decode: () => value } }, examples: [{ at: "x" }] } });
    await goldenEvents(reading(before), folder, { update: true });
    await goldenEvents(reading(before), folder);
    expect(await failureOf(reading(after), folder)).toContain("becomes[0].data.at");
  });

  test("keeps what the library's own codecs store", async ({ folder }) => {
    const events = defineEvents({
      Kept: {
        schema: event<object>(),
        stored: { at: asDate, amount: asBigInt, skus: asSet, prices: asMap },
        examples: [{ at: new Date(0), amount: 12_345_678_901_234_567_890n, skus: new Set(["b", "a"]), prices: new Map([["tea", 3]]) }],
      },
    });
    await goldenEvents(events, folder, { update: true });
    expect(JSON.parse((await textsOf(folder))["Kept.json"] ?? "").versions[1][0].becomes[0].data).toEqual({
      amount: { $bigint: "12345678901234567890" },
      at: { $date: "1970-01-01T00:00:00.000Z" },
      prices: { $map: [["tea", 3]] },
      skus: { $set: ["b", "a"] },
    });
    await goldenEvents(events, folder);
  });

  test("takes entries that were written by hand, with what a step looks at beside the data", async ({ folder }) => {
    const events = priced(({ data, recordedAt, metadata }) => ({ price: data.cents, year: recordedAt.getUTCFullYear(), by: metadata.actorId ?? null }));
    await goldenEvents(events, folder, { update: true });
    const file = join(folder, "Priced.json");
    const event = { recordedAt: "2019-05-01T00:00:00Z", metadata: { actorId: "ada" } };
    await writeFile(
      file,
      JSON.stringify({ type: "Priced", versions: { ...entries({ 2: [{ price: 5, gift: false }] }), 1: [{ stored: { cents: 1 }, event }] } }),
    );
    expect(await failureOf(events, folder)).toContain('"Priced" 1: entry 0 of Priced.json does not say what it becomes');
    await goldenEvents(events, folder, { update: true });
    expect(JSON.parse(await readFile(file, "utf8")).versions[1]).toEqual([
      { stored: { cents: 1 }, event, becomes: [{ type: "Priced", schemaVersion: 2, data: { price: 1, year: 2019, by: "ada" } }] },
    ]);
    await goldenEvents(events, folder);
  });

  test("does not ask for an example again that is another each time", async ({ folder }) => {
    const events = (): EventCatalogue => defineEvents({ Made: { schema: z.object({ id: z.string().default(() => crypto.randomUUID()) }), examples: [{}] } });
    await goldenEvents(events(), folder, { update: true });
    const texts = await textsOf(folder);
    await goldenEvents(events(), folder);
    await goldenEvents(events(), folder, { update: true });
    expect(await textsOf(folder)).toEqual(texts);
  });

  test("waits for an asynchronous schema, and tells of an example that it refuses", async ({ folder }) => {
    const asynchronous = (most: number): EventCatalogue =>
      defineEvents({ Counted: { schema: z.object({ n: z.number() }).refine(async ({ n }) => n <= most), examples: [{ n: 2 }] } });
    await goldenEvents(asynchronous(2), folder, { update: true });
    await goldenEvents(asynchronous(2), folder);
    expect(await failureOf(asynchronous(1), folder)).toContain('"Counted" 1: examples[0] of its definition cannot be stored');
  });

  test("gives every type a file of its own, also where a file system knows no case and forbids characters", async ({ folder }) => {
    const types = ["itemAdded", "ItemAdded", "con", "a/b", "a%2Fb", "..", "x".repeat(256), `${"x".repeat(255)}y`, "größe*", "__proto__"];
    const definition = { schema: event<object>(), examples: [JSON.parse('{ "__proto__": 1 }')] };
    const events = defineEvents(Object.fromEntries(types.map((type) => [type, definition])));
    await goldenEvents(events, folder, { update: true });
    const names = Object.keys(await textsOf(folder));
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(types.length);
    for (const name of names) expect(name).toMatch(/^(?!con\.)[\w%~-][\w.%~-]{0,110}\.json$/);
    await goldenEvents(events, folder);
    expect((await textsOf(folder))["__proto__.json"]).toContain('"__proto__": 1');
  });

  test.for([
    ["{", '["Priced.json"] is no JSON'],
    ["[]", '["Priced.json"] must be an object'],
    ['{ "type": "Priced", "version": {} }', '.version is not a part of a golden file; did you mean "versions"?'],
    ['{ "type": "Priced", "versions": { "x": [] } }', ".versions.x is no version"],
    ['{ "type": "Priced", "versions": { "1": [{ "becomes": [] }] } }', '.versions["1"][0].stored is missing'],
    ['{ "type": "Priced", "versions": { "1": [{ "stored": 1, "event": { "recordedAt": "2020-01-01T00:00" } }] } }', "must be a time with its zone"],
    ['{ "type": "Priced", "versions": { "1": [{ "stored": 1, "event": { "metdata": {} } }] } }', 'did you mean "metadata"?'],
  ] as const)("refuses the file %s", async ([text, told], { folder }) => {
    await goldenEvents(priced(), folder, { update: true });
    await writeFile(join(folder, "Priced.json"), text);
    await expect(goldenEvents(priced(), folder)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining(told) });
  });

  test("refuses two files of one type, what is no catalogue, no folder, and an option that it does not know", async ({ folder }) => {
    await goldenEvents(priced(), folder, { update: true });
    await copyFile(join(folder, "Priced.json"), join(folder, "Copy.json"));
    await expect(goldenEvents(priced(), folder)).rejects.toThrow('folder["Priced.json"] is of type "Priced", as "Copy.json" is');
    await expect(goldenEvents({ types: [] }, folder)).rejects.toThrow("events must be a catalogue made by defineEvents");
    await expect(goldenEvents(priced(), "")).rejects.toThrow("folder must be the path of a folder");
    await expect(goldenEvents(priced(), join(folder, "Priced.json"))).rejects.toThrow("folder cannot be read");
    await expect(goldenEvents(priced(), folder, JSON.parse('{ "updates": true }'))).rejects.toThrow('did you mean "update"?');
  });
});
