import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkCategory, checkEventType, checkSchemaName, checkStreamId, checkTag, checkTags, checkTenant } from "../../src/arguments/names.ts";
import { isTidemarkError } from "../../src/errors/errors.ts";
import { refusal } from "./refusal.ts";

const kinds = [
  { kind: "stream id", check: checkStreamId, max: 512, empty: false },
  { kind: "event type", check: checkEventType, max: 256, empty: false },
  { kind: "tag", check: checkTag, max: 256, empty: false },
  { kind: "tenant", check: checkTenant, max: 128, empty: true },
  { kind: "schema name", check: checkSchemaName, max: 63, empty: false },
];

const odd = [
  " ",
  "$",
  "/",
  "%",
  "_",
  "\\",
  "'",
  '"',
  ";--",
  "$1",
  "{}",
  "null",
  "undefined",
  "__proto__",
  "constructor",
  "trailing ",
  'we"ird; drop schema x; --',
  "é",
  "e\u0301",
  "👩‍👩‍👧",
  "\u202eabc",
  "a\u2028b",
  "\ufeffx",
  "аdmin",
  "=1+1",
];

const controls = Array.from({ length: 0xa0 }, (_, code) => code).filter((code) => code < 0x20 || code > 0x7e);

describe.for(kinds)("a $kind", ({ check, max, empty }) => {
  test.for(odd)("may be %j and is kept to the byte", (name) => {
    expect(check(name, "name")).toBe(name);
  });

  test("may have as many bytes of UTF-8 as its limit, and not one more", () => {
    expect(check("x".repeat(max), "name")).toHaveLength(max);
    expect(refusal(() => check("x".repeat(max + 1), "name")).message).toContain(`is ${max + 1} bytes`);
    const wide = "é".repeat(Math.floor(max / 2));
    expect(check(wide, "name")).toBe(wide);
    expect(refusal(() => check(`${wide}éé`, "name")).message).toContain("bytes of UTF-8");
    const pairs = "😀".repeat(Math.floor(max / 4));
    expect(check(pairs, "name")).toBe(pairs);
    expect(refusal(() => check(`${pairs}😀`, "name")).path).toBe("name");
  });

  test("holds no control character, wherever it stands", () => {
    for (const code of controls) {
      const character = String.fromCharCode(code);
      for (const name of [character, `${character}x`, `x${character}`, `x${character}😀`]) {
        const { message } = refusal(() => check(name, "name"));
        expect(message).toContain("control character");
        expect(message).not.toContain(character);
      }
    }
  });

  test("holds no half of a surrogate pair", () => {
    for (const name of ["\ud800", "\udc00", "x\ud83d", "\ude00x", "\ude00\ud83d", "😀\ud83d"]) {
      const { message } = refusal(() => check(name, "name"));
      expect(message).toContain("surrogate");
      expect(message.isWellFormed()).toBe(true);
    }
  });

  test("is a string and nothing that turns into one", () => {
    for (const value of [
      undefined,
      null,
      0,
      1n,
      true,
      [],
      ["cart-1"],
      {},
      Object("cart-1"),
      { toString: () => "cart-1" },
      { toPostgres: () => "x" },
      Symbol("x"),
      () => "x",
      new Date(),
    ]) {
      expect(refusal(() => check(value, "name")).message).toContain("(a string), not");
    }
  });

  test("is accepted exactly when it is well-formed, without controls and within its bytes", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: max + 8 }), (name) => {
        const legal = name.isWellFormed() && !/\p{Cc}/u.test(name) && Buffer.byteLength(name) <= max && (empty || name !== "");
        expect(accepts(check, name)).toBe(legal);
      }),
    );
  });
});

function accepts(check: (value: unknown, path: string) => string, name: string): boolean {
  try {
    return check(name, "name") === name;
  } catch (error) {
    if (isTidemarkError(error, "INVALID_ARGUMENT")) return false;
    throw error;
  }
}

describe("an empty name", () => {
  test("is the store itself as a tenant, and nothing else", () => {
    expect(checkTenant("", "tenant")).toBe("");
    for (const { check } of kinds.filter(({ empty }) => !empty)) expect(refusal(() => check("", "name")).message).toContain("is empty");
  });
});

describe("the message about a name", () => {
  test("shows a long value cut and a terminal's controls escaped", () => {
    const long = refusal(() => checkStreamId("x".repeat(100_000), "streamId"));
    expect(long.message.length).toBeLessThan(300);
    const hostile = refusal(() => checkStreamId("\u001b[2J\u009b31m\u202e", "streamId")).message;
    expect(hostile).toContain(String.raw`\u001b[2J\u009b31m\u202e`);
  });
});

describe("a category", () => {
  test("ends before the first dash", () => {
    expect(checkCategory("cart", "category")).toBe("cart");
    expect(refusal(() => checkCategory("cart-42", "category")).message).toContain('"-"');
  });
});

describe("an event's tags", () => {
  test("are at most 64, and the 65th is refused", () => {
    const tags = Array.from({ length: 65 }, (_, index) => `t${index}`);
    expect(checkTags(tags.slice(0, 64), "tags")).toEqual(tags.slice(0, 64));
    expect(refusal(() => checkTags(tags, "tags")).message).toContain("65 tags");
  });

  test("are a set: one given twice counts once, in the place of the first", () => {
    expect(checkTags(["a", "b", "a"], "tags")).toEqual(["a", "b"]);
  });

  test("are named by their place when one is bad", () => {
    expect(refusal(() => checkTags(["a", "b\u001f"], "events[2].tags")).path).toBe("events[2].tags[1]");
    // A hole is not a tag.
    // oxlint-disable-next-line no-sparse-arrays -- the case under test
    expect(refusal(() => checkTags(["a", , "b"], "tags")).path).toBe("tags[1]");
  });

  test.for([
    ["a string", "abc"],
    ["a Set", new Set(["a"])],
    ["null", null],
    ["array-like", { length: 1, 0: "a" }],
  ] as const)("are an array and not %s", ([, value]) => {
    expect(refusal(() => checkTags(value, "tags")).path).toBe("tags");
  });
});
