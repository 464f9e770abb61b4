import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byBytes } from "../../src/append/byte-order.ts";

describe("streams are locked in the order of their bytes", () => {
  test("which is that of UTF-8 for any two names", () => {
    const name = fc.string({ unit: fc.constantFrom("a", "b", "\u07ff", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}"), maxLength: 4 });
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(Math.sign(byBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  test("and not JavaScript's own where a name has a character beyond U+FFFF", () => {
    expect(["\uffff", "\u{10000}"].toSorted()).toEqual(["\u{10000}", "\uffff"]);
    expect(byBytes("\u{10000}", "\uffff")).toBeGreaterThan(0);
  });
});
