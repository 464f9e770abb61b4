import { runInNewContext } from "node:vm";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeJson } from "../../src/arguments/json.ts";
import { isTidemarkError } from "../../src/errors/errors.ts";
import { refusal } from "./refusal.ts";

/** What went in as JSON leaves it: without the keys that are `undefined`. Null prototypes become plain ones. */
function without(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(without);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, held]) => (held === undefined ? [] : [[key, without(held)]])));
}

function nested(levels: number): unknown {
  let value: unknown = 0;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? { inner: value } : [value];
  return value;
}

describe("JSON comes back as it went in", () => {
  test.for([
    ["null", null],
    ["false", false],
    ["0", 0],
    ["the greatest integer", 2 ** 53 - 1],
    ["the greatest number", Number.MAX_VALUE],
    ["the least number", Number.MIN_VALUE],
    ["1e21", 1e21],
    ["a tenth", 0.1],
    ["an empty text", ""],
    ["quotes and backslashes", String.raw`"\"\\u0000`],
    ["line ends and controls", "\n\r\t\b\f\u0001\u001e\u001f\u007f\u009f"],
    ["a pair of surrogates", "😀"],
    ["line separators", "\u2028\u2029\ufeff"],
    ["an empty array", []],
    ["an empty object", {}],
    ["keys that look like indexes", { 2: "b", 1: "a" }],
    ["an empty key", { "": 1 }],
    ["an odd key", { 'we"ird\\\n': 1 }],
    ["a key toJSON that is data", { toJSON: "no function" }],
    ["an object without a prototype", Object.assign(Object.create(null), { a: 1 })],
    ["nested", { a: [{ b: [[], {}] }] }],
  ] as const)("%s", ([, value]) => {
    const text = encodeJson(value, "data");
    expect(text).toBe(JSON.stringify(value));
    expect(isDeepStrictEqual(JSON.parse(text), without(value))).toBe(true);
  });

  test("any JSON value, with the same text that JSON.stringify makes", () => {
    const legal = fc
      .jsonValue({ stringUnit: "grapheme", noUnicodeString: false })
      .filter((value) => !JSON.stringify(value).includes(String.raw`\u0000`) && !holdsMinusZero(value));
    fc.assert(
      fc.property(legal, (value) => {
        expect(encodeJson(value, "data")).toBe(JSON.stringify(value));
      }),
      { numRuns: 500 },
    );
  });

  test("any value at all is refused with its place, or comes back equal", () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
      withUnicodeString: true,
    });
    let legal = 0;
    fc.assert(
      fc.property(fc.oneof(anything, fc.object(), fc.array(anything), fc.jsonValue()), (value) => {
        let text: string;
        try {
          text = encodeJson(value, "data");
        } catch (error) {
          if (isTidemarkError(error, "INVALID_ARGUMENT") && error.path.startsWith("data")) return;
          throw error;
        }
        legal++;
        expect(isDeepStrictEqual(JSON.parse(text), without(value))).toBe(true);
      }),
      { numRuns: 3000, seed: 7 },
    );
    expect(legal).toBeGreaterThan(300);
  });

  test("an own key __proto__ comes back as a key and sets no prototype", () => {
    const text = encodeJson(JSON.parse('{"__proto__":{"admin":true},"constructor":1}'), "data");
    expect(text).toBe('{"__proto__":{"admin":true},"constructor":1}');
    const read: unknown = JSON.parse(text);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(read).not.toHaveProperty("admin");
  });

  test("keys that are undefined are left out, at every level", () => {
    expect(encodeJson({ a: undefined, b: 1, c: { d: undefined } }, "data")).toBe('{"b":1,"c":{}}');
  });

  test("plain values of another realm are plain", () => {
    expect(encodeJson(runInNewContext('({ a: [1, { b: "x" }] })'), "data")).toBe('{"a":[1,{"b":"x"}]}');
    expect(refusal(() => encodeJson(runInNewContext("({ a: [new Date(0)] })"), "data")).path).toBe("data.a[0]");
  });

  test("the same object in two places is no cycle", () => {
    const shared = { a: 1 };
    expect(encodeJson([shared, shared], "data")).toBe('[{"a":1},{"a":1}]');
  });

  test("keys that begin alike stay apart, in whatever order they come", () => {
    const keys = ["price", "prices", "p", "price ", "pric", "price", "prices"];
    for (const key of keys) expect(encodeJson({ [key]: 1 }, "data")).toBe(`{"${key}":1}`);
    for (const length of [63, 64, 65, 200])
      for (const end of ["a", "b"]) expect(encodeJson({ ["k".repeat(length) + end]: 1 }, "data")).toBe(`{"${"k".repeat(length)}${end}":1}`);
  });

  test("more than a thousand different keys keep their names", () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`key ${index} "`, index]));
    expect(encodeJson(many, "data")).toBe(JSON.stringify(many));
    expect(encodeJson(many, "data")).toBe(JSON.stringify(many));
  });
});

function holdsMinusZero(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).some(holdsMinusZero);
  return Object.is(value, -0);
}

class Money {
  readonly amount = 1;
}

describe("what JSON would change is refused with its place", () => {
  const bad: readonly (readonly [string, unknown, string])[] = [
    ["a Date", new Date(0), "toISOString"],
    ["an invalid Date", new Date(Number.NaN), "class Date"],
    ["a Map", new Map([["a", 1]]), "Object.fromEntries"],
    ["a Set", new Set([1]), "array of its items"],
    ["a WeakMap", new WeakMap(), "class WeakMap"],
    ["a bigint", 1n, "bigint"],
    ["NaN", Number.NaN, "NaN"],
    ["Infinity", Number.POSITIVE_INFINITY, "Infinity"],
    ["-Infinity", Number.NEGATIVE_INFINITY, "-Infinity"],
    ["-0", -0, "-0"],
    ["a function", () => 1, "a function"],
    ["a class", Money, "a function"],
    ["a symbol", Symbol("x"), "a symbol"],
    ["an object with a symbol key", { [Symbol("x")]: 1 }, "symbol"],
    ["an array with a symbol key", Object.assign([1], { [Symbol("x")]: 1 }), "symbol"],
    ["an instance of a class", new Money(), "class Money"],
    ["an object that inherits", Object.create({ inherited: 1 }), "class Object"],
    ["a boxed number", Object(1), "class Number"],
    ["a boxed string", Object("x"), "class String"],
    ["a boxed boolean", Object(false), "class Boolean"],
    ["a boxed bigint", Object(1n), "class BigInt"],
    ["a regular expression", /x/, "class RegExp"],
    ["an Error", new TypeError("x"), "class TypeError"],
    ["a promise", Promise.resolve(1), "await"],
    ["a Buffer", Buffer.from("x"), "base64"],
    ["a Uint8Array", new Uint8Array(2), "base64"],
    ["a Float64Array", new Float64Array(2), "class Float64Array"],
    ["an ArrayBuffer", new ArrayBuffer(2), "class ArrayBuffer"],
    ["a URL", new URL("http://localhost"), "class URL"],
    ["Math", Math, "symbol"],
    ["an array of another class", new (class List extends Array<number> {})(1, 2), "class List"],
    ["an array with an extra key", "a1".match(/\d/), "index"],
    ["an own toJSON", { toJSON: () => 1 }, "toJSON"],
    ["a hidden own toJSON", Object.defineProperty({}, "toJSON", { value: () => 1 }), "toJSON"],
    ["a text with U+0000", "a\0b", "U+0000"],
    ["half of a surrogate pair", "a\ud83d", "surrogate"],
    ["a revoked proxy", revoked(), "it threw"],
  ];

  test.for(bad)("%s", ([, value, told]) => {
    const error = refusal(() => encodeJson({ items: [0, { "unit price": value }] }, "events[2].data"));
    expect(error.path).toMatch(/^events\[2\]\.data\.items\[1\]\["unit price"\]/);
    expect(error.message).toContain(told);
    expect(refusal(() => encodeJson(value, "data")).path).toMatch(/^data/);
  });

  test("the path names the very place", () => {
    const data = { items: [{ price: 1 }, { price: 2 }, { price: 3 }, { price: Number.NaN }] };
    expect(refusal(() => encodeJson(data, "events[2].data")).path).toBe("events[2].data.items[3].price");
  });

  test("a hole and an undefined in an array", () => {
    // oxlint-disable-next-line no-sparse-arrays -- the case under test
    expect(refusal(() => encodeJson({ list: [1, , 3] }, "data")).path).toBe("data.list[1]");
    expect(refusal(() => encodeJson({ list: [undefined] }, "data")).path).toBe("data.list[0]");
    expect(refusal(() => encodeJson({ list: Array.from({ length: 3 }).concat([]) }, "data")).path).toBe("data.list[0]");
  });

  test("undefined itself, with what to pass instead", () => {
    expect(refusal(() => encodeJson(undefined, "data")).message).toContain("use {} or null");
  });

  test("keys with U+0000 or half of a surrogate pair, shown safely", () => {
    expect(refusal(() => encodeJson({ "a\0": 1 }, "data")).path).toBe(String.raw`data["a\u0000"]`);
    const { message } = refusal(() => encodeJson({ "\ud83d\u001b": 1 }, "data"));
    expect(message).toContain("surrogate");
    expect(message.isWellFormed()).toBe(true);
    expect(message).not.toContain("\u001b");
  });

  test("a getter that throws, with its error as the cause", () => {
    const cause = new Error("out of reach");
    const data = {
      a: {
        get b(): never {
          throw cause;
        },
      },
    };
    const error = refusal(() => encodeJson(data, "data"));
    expect(error.path).toBe("data.a.b");
    expect(error.cause).toBe(cause);
  });

  test("a Proxy whose traps throw, with its error as the cause", () => {
    const cause = new Error("trapped");
    const fail = (): never => {
      throw cause;
    };
    for (const trap of ["get", "ownKeys", "getPrototypeOf", "getOwnPropertyDescriptor"] as const) {
      for (const target of [{ a: 1 }, [1]]) {
        const error = refusal(() => encodeJson({ p: new Proxy(target, { [trap]: fail }) }, "data"));
        expect(error.path).toMatch(/^data\.p/);
        expect(error.cause).toBe(cause);
      }
    }
  });

  test("a toJSON put on the prototype of everything", () => {
    Reflect.defineProperty(Object.prototype, "toJSON", { value: () => "lie", configurable: true });
    try {
      expect(refusal(() => encodeJson({ a: 1 }, "data")).message).toContain("toJSON");
      expect(refusal(() => encodeJson([1], "data")).message).toContain("toJSON");
    } finally {
      Reflect.deleteProperty(Object.prototype, "toJSON");
    }
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe("a value that changes while it is read", () => {
  test("is written as it was checked: every property is read once", () => {
    let reads = 0;
    const data = {
      get price(): unknown {
        return ++reads === 1 ? 5 : new Date(0);
      },
    };
    expect(encodeJson(data, "data")).toBe('{"price":5}');
    expect(reads).toBe(1);
  });
});

describe("depth", () => {
  test("is fine at 512 levels and refused at 513", () => {
    expect(JSON.parse(encodeJson(nested(512), "data"))).toEqual(nested(512));
    const error = refusal(() => encodeJson(nested(513), "data"));
    expect(error.message).toContain("512 levels");
  });

  test("of 100,000 levels is refused and the process goes on", () => {
    expect(refusal(() => encodeJson(nested(100_000), "data")).message).toContain("512 levels");
  });
});

describe("a cycle", () => {
  test("is told by the place where it closes", () => {
    const order: Record<string, unknown> = { id: 1 };
    order["lines"] = [{ n: 1 }, { order }];
    expect(refusal(() => encodeJson({ order }, "data"))).toMatchObject({
      path: "data.order.lines[1].order",
      message: expect.stringContaining("contains itself"),
    });
    const self: unknown[] = [];
    self.push(self);
    expect(refusal(() => encodeJson(self, "data")).path).toBe("data[0]");
  });

  test("is told as a cycle where it also branches, and where it also goes deep", () => {
    const twice: Record<string, unknown> = {};
    twice["a"] = twice;
    twice["b"] = twice;
    expect(refusal(() => encodeJson(twice, "data")).message).toContain("contains itself");
    const deep: Record<string, unknown> = { deep: nested(20) };
    deep["self"] = deep;
    expect(refusal(() => encodeJson(deep, "data"))).toMatchObject({ path: "data.self", message: expect.stringContaining("contains itself") });
  });
});
