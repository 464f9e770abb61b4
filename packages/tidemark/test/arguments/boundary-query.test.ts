import { describe, expect, test } from "vitest";
import { checkBoundary, checkBoundaryQuery } from "../../src/arguments/boundary-query.ts";
import { checkCondition } from "../../src/append/condition.ts";
import { refusal } from "./refusal.ts";

const long = "x".repeat(257);

describe("the query of a boundary", () => {
  test.for([
    [[], [{}]],
    [[{}], [{}]],
    [[{ types: ["A"], tags: undefined }], [{ types: ["A"] }]],
    [[{ types: ["A", "A"], tags: ["b", "a", "b"] }], [{ types: ["A"], tags: ["b", "a"] }]],
  ] as const)("%j is %j", ([query, checked]) => {
    expect(checkBoundaryQuery(query, "query")).toEqual(checked);
  });

  test.for([
    [undefined, "query", "must be an array of { types, tags }, not undefined"],
    [{ tags: ["a"] }, "query", "put it into an array"],
    ["a", "query", "must be an array"],
    [["a"], "query[0]", "must be { types, tags }"],
    [[{ tags: [] }], "query[0].tags", "is empty; leave it out to match everything"],
    [[{}, { types: "A" }], "query[1].types", "must be an array"],
    [[{ types: [1] }], "query[0].types[0]", "must be an event type"],
    [[{ tags: [long] }], "query[0].tags[0]", "257 bytes"],
    [[{ categories: ["a"] }], "query[0].categories", "types and tags only"],
    [[{ streamIds: ["a"] }], "query[0].streamIds", "types and tags only"],
    [[{ data: {} }], "query[0].data", "types and tags only"],
    [[{ tag: "a" }], "query[0].tag", 'did you mean "tags"?'],
    [Array.from({ length: 101 }, () => ({})), "query", "has 101 alternatives; a boundary takes at most 100"],
    [[{ types: Array.from({ length: 501 }, (_, n) => `T${n}`) }], "query", "has 501 types"],
  ] as const)("%j is refused at %s", ([query, path, message]) => {
    expect(refusal(() => checkBoundaryQuery(query, "query"))).toMatchObject({ path, message: expect.stringContaining(message) });
  });
});

describe("where a condition begins", () => {
  test("is a position, or a boundary, also one that was JSON", () => {
    expect(checkBoundary(7, "after")).toEqual({ mark: 7, above: 0 });
    expect(checkBoundary(JSON.parse('{"mark":7,"above":2}'), "after")).toEqual({ mark: 7, above: 2 });
  });

  test.for([
    [-1, "after"],
    [1.5, "after"],
    ["7", "after"],
    [null, "after"],
    [{}, "after"],
    [{ mark: 7 }, "after"],
    [{ above: 0 }, "after"],
    [{ mark: "7", above: 0 }, "after.mark"],
    [{ mark: 7, above: -1 }, "after.above"],
    [{ mark: 7, above: 2 ** 31 }, "after.above"],
    [{ mark: 7, above: 0, until: 9 }, "after.until"],
  ] as const)("%j is refused at %s", ([after, path]) => {
    expect(refusal(() => checkBoundary(after, "after")).path).toBe(path);
  });
});

describe("a condition", () => {
  test.for([
    [7, "options.condition"],
    [{}, "options.condition.query"],
    [{ query: [], from: 7 }, "options.condition.from"],
    [{ query: [{ data: {} }] }, "options.condition.query[0].data"],
    [{ query: [], after: "7" }, "options.condition.after"],
  ] as const)("%j is refused at %s", ([condition, path]) => {
    expect(refusal(() => checkCondition(condition, "options.condition")).path).toBe(path);
  });
});
