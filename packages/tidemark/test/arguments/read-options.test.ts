import { describe, expect, test } from "vitest";
import { checkFold, checkReadAllOptions, checkReadStreamOptions, checkStreamsOptions } from "../../src/read/options.ts";
import { refusal } from "./refusal.ts";

const { signal } = new AbortController();
const zero = (): number => 0;

describe("a filter", () => {
  test("takes 100 alternatives and 10,000 names, and no more", () => {
    const alternatives = Array.from({ length: 101 }, (_, n) => ({ types: [`T${n}`] }));
    const names = Array.from({ length: 10_001 }, (_, n) => `T${n}`);
    expect(checkReadAllOptions({ filter: alternatives.slice(1) })).toMatchObject({ filter: { length: 100 } });
    expect(checkReadAllOptions({ filter: { types: names.slice(1) } })).toMatchObject({ filter: { length: 1 } });
    expect(refusal(() => checkReadAllOptions({ filter: alternatives }))).toMatchObject({
      path: "options.filter",
      message: expect.stringContaining("has 101 alternatives; a filter takes at most 100"),
    });
    expect(refusal(() => checkReadAllOptions({ filter: [{ types: names.slice(1) }, { tags: ["x"] }] }))).toMatchObject({
      path: "options.filter",
      message: expect.stringContaining("names 10001 types, categories, streams and tags; a filter takes at most 10000"),
    });
  });
});

describe("the options of a reading", () => {
  test("come back checked", () => {
    const asOf = new Date(5);
    expect(checkReadStreamOptions({ fromVersion: 0, toVersion: 2 ** 53 - 1, direction: "backward", limit: 0, asOf, signal })).toEqual({
      fromVersion: 0,
      toVersion: 2 ** 53 - 1,
      direction: "backward",
      limit: 0,
      asOf,
      signal,
    });
    expect(checkReadAllOptions({ after: 0, until: 9, tenants: "all", filter: { types: ["A"] } })).toEqual({
      after: 0,
      until: 9,
      tenants: "all",
      filter: [{ types: ["A"] }],
    });
    expect(checkStreamsOptions({ category: "cart", prefix: "", after: "cart-1", limit: 5 })).toEqual({
      category: "cart",
      prefix: "",
      after: "cart-1",
      limit: 5,
    });
    expect([checkReadStreamOptions(undefined), checkReadAllOptions(undefined), checkStreamsOptions(undefined)]).toEqual([{}, {}, {}]);
  });

  test.for([
    ["readStream", "fromVersion", -1],
    ["readStream", "toVersion", 1.5],
    ["readStream", "limit", "10"],
    ["readStream", "limit", Number.POSITIVE_INFINITY],
    ["readStream", "direction", "forwards"],
    ["readStream", "asOf", "2026-01-01"],
    ["readStream", "asOf", new Date(Number.NaN)],
    ["readStream", "signal", new AbortController()],
    ["readStream", "signal", {}],
    ["readStream", "after", 1],
    ["readStream", "fromversion", 1],
    ["readAll", "after", -1],
    ["readAll", "after", 1n],
    ["readAll", "until", 2 ** 53],
    ["readAll", "tenants", "every"],
    ["readAll", "filter", null],
    ["readAll", "filter", "A"],
    ["readAll", "fromVersion", 1],
    ["readAll", "asOf", new Date()],
    ["streams", "category", "cart-1"],
    ["streams", "category", 1],
    ["streams", "prefix", "\n"],
    ["streams", "after", ""],
    ["streams", "limit", -1],
    ["streams", "signal", {}],
  ] as const)("%s refuses %s: %o", ([call, option, value]) => {
    const check = { readStream: checkReadStreamOptions, readAll: checkReadAllOptions, streams: checkStreamsOptions }[call];
    expect(refusal(() => check({ [option]: value })).path).toBe(`options.${option}`);
  });

  test("take a Date as it is now: a later change has no effect", () => {
    const asOf = new Date(5);
    const checked = checkReadStreamOptions({ asOf });
    asOf.setTime(6);
    expect(checked.asOf?.getTime()).toBe(5);
  });

  test("take a signal that is not this realm's", () => {
    const foreign = { aborted: false, addEventListener: () => undefined };
    expect(checkReadStreamOptions({ signal: foreign }).signal).toBe(foreign);
  });
});

describe("a filter", () => {
  test("is one alternative or several, and {} matches every event", () => {
    expect(checkReadAllOptions({ filter: {} }).filter).toEqual([{}]);
    const filter = [
      { types: ["A", "B"], tags: ["t"] },
      { categories: ["cart", ""], streamIds: ["cart-1"], data: { a: { b: [1] } } },
    ];
    expect(checkReadAllOptions({ filter }).filter).toEqual([
      { types: ["A", "B"], tags: ["t"] },
      { categories: ["cart", ""], streamIds: ["cart-1"], data: '{"a":{"b":[1]}}' },
    ]);
  });

  test.for([
    ["options.filter", []],
    ["options.filter[1]", [{}, null]],
    ["options.filter.types", { types: [] }],
    ["options.filter.types", { types: "A" }],
    ["options.filter.types[1]", { types: ["A", 5] }],
    ["options.filter[0].tags", [{ tags: [] }]],
    ["options.filter.categories[0]", { categories: ["cart-1"] }],
    ["options.filter.streamIds[0]", { streamIds: [""] }],
    ["options.filter.data", { data: null }],
    ["options.filter.data", { data: [1] }],
    ["options.filter.data.at", { data: { at: new Date() } }],
    ["options.filter.type", { type: ["A"] }],
  ] as const)("is refused at %s", ([path, filter]) => {
    expect(refusal(() => checkReadAllOptions({ filter })).path).toBe(path);
  });
});

describe("a fold", () => {
  test("has its two functions, and bounds", () => {
    const fold = { initialState: () => 0, evolve: (state: number) => state + 1, toVersion: 3 };
    expect(checkFold(fold)).toEqual(fold);
  });

  test.for([
    ["fold", undefined],
    ["fold", null],
    ["fold.initialState", { evolve: zero }],
    ["fold.initialState", { initialState: 0, evolve: zero }],
    ["fold.evolve", { initialState: zero }],
    ["fold.fromVersion", { initialState: zero, evolve: zero, fromVersion: 1 }],
  ] as const)("is refused at %s: %o", ([path, fold]) => {
    expect(refusal(() => Reflect.apply(checkFold, undefined, [fold])).path).toMatch(new RegExp(`^${path}`));
  });
});
