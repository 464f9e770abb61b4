import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readState } from "../../../src/commands/snapshots/read-state.ts";
import { writeState } from "../../../src/commands/snapshots/write-state.ts";

function again(state: unknown): unknown {
  return readState(writeState(state));
}

/** What a state says of itself that a decision could depend on: the order of keys, undefined or absent, who is the same object. */
function told(state: unknown): string {
  const seen = new Map<object, number>();
  const tell = (value: unknown): string => {
    if (typeof value !== "object" || value === null) return `${typeof value} ${String(value)}`;
    const known = seen.get(value);
    if (known !== undefined) return `again ${known}`;
    seen.set(value, seen.size);
    return `${Array.isArray(value) ? "list" : "object"}(${Object.entries(value)
      .map(([key, held]) => `${JSON.stringify(key)}: ${tell(held)}`)
      .join()})`;
  };
  return tell(state);
}

const shared = { sku: "tea" };
const ring: { next?: unknown } = {};
ring.next = ring;

describe("a state", () => {
  test.for([
    { what: "with a key that is undefined, in its place", state: { a: 1, tracking: undefined, z: [{ b: undefined }] } },
    { what: "that is undefined", state: undefined },
    { what: "with undefined in an array", state: [1, undefined, 3] },
    { what: "with its keys in another order than jsonb's", state: { zebra: 1, a: 2, bb: 3 } },
    { what: "with one object at two places", state: { items: [shared], current: shared } },
    { what: "that holds itself", state: ring },
    { what: "with names that JSON escapes", state: { 'a"b': { "\u2028": "\\", "": undefined } } },
  ])("$what comes back as it was", ({ state }) => {
    expect(told(again(state))).toBe(told(state));
  });

  test("of any shape comes back as it was, and shared with nobody", () => {
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        fc.constant(undefined),
        fc.constant(shared),
        fc.string({ unit: "grapheme" }),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("tree")),
        fc.dictionary(
          fc.string().filter((key) => key !== "__proto__" && !key.includes("\0")),
          tie("tree"),
          { noNullPrototype: true },
        ),
      ),
    }));
    fc.assert(
      fc.property(tree, (state) => {
        fc.pre(!JSON.stringify([state]).includes("\\u0000"));
        const copy = again(state);
        expect(told(copy)).toBe(told(state));
        expect(copy !== state || typeof copy !== "object" || copy === null).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  const sparse = [1];
  sparse[2] = 3;
  class Money {
    cents = 1;
  }
  test.for([
    { path: "state.at", state: { at: new Date(0) }, problem: /class Date/ },
    { path: "state.items[1]", state: { items: [1, new Map()] }, problem: /class Map/ },
    { path: "state.price", state: { price: new Money() }, problem: /class Money/ },
    { path: "state.n", state: { n: Number.NaN }, problem: /NaN/ },
    { path: "state.n", state: { n: -0 }, problem: /-0/ },
    { path: "state.n", state: { n: 1n }, problem: /bigint/ },
    { path: "state.f", state: { f: () => 1 }, problem: /function/ },
    { path: "state[1]", state: sparse, problem: /hole/ },
    { path: "state", state: Object.assign([1], { more: 1 }), problem: /hidden property/ },
    { path: "state", state: { [Symbol("s")]: 1 }, problem: /symbol/ },
    { path: "state", state: Object.defineProperty({}, "hidden", { value: 1 }), problem: /hidden property/ },
    {
      path: "state.now",
      state: {
        get now() {
          return 1;
        },
      },
      problem: /getter/,
    },
    { path: "state", state: Object.create(null), problem: /class/ },
    { path: "state.__proto__", state: JSON.parse('{"__proto__": 1}'), problem: /meaning of its own/ },
    { path: "state.text", state: { text: "\ud800" }, problem: /surrogate/ },
    { path: "state.a", state: { a: "x".repeat(17 * 1024 * 1024) }, problem: /too large for a snapshot/ },
  ])("that JSON would change is refused at $path: $problem", ({ path, state, problem }) => {
    expect(() => writeState(state)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", path, message: expect.stringMatching(problem) }));
  });

  test("of great depth is refused rather than overflow the stack", () => {
    let state: unknown = 1;
    for (let level = 0; level < 10_000; level++) state = { state };
    expect(() => writeState(state)).toThrow(/more than 512 levels deep/);
  });
});
