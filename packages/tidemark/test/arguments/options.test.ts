import { describe, expect, test } from "vitest";
import { checkBoolean, notYet, oneOf, wholeNumber } from "../../src/arguments/checks.ts";
import { checkOptions } from "../../src/arguments/options.ts";
import { refusal } from "./refusal.ts";

const shape = { limit: wholeNumber(0), direction: oneOf("forward", "backward"), prepare: checkBoolean };

describe("options", () => {
  test("may be left out, and each of them undefined", () => {
    expect(checkOptions(undefined, shape)).toEqual({});
    expect(Object.keys(checkOptions({ limit: undefined }, shape))).toEqual([]);
    expect(checkOptions({ limit: 3, direction: "backward", prepare: false }, shape)).toEqual({ limit: 3, direction: "backward", prepare: false });
  });

  test.for([
    ["null", null],
    ["a number", 1],
    ["a text", "limit"],
    ["an array", []],
    ["a function", () => ({})],
    ["true", true],
    ["a Map", new Map([["limit", 1]])],
    ["a signal", new AbortController().signal],
  ] as const)("are not %s", ([, value]) => {
    expect(refusal(() => checkOptions(value, shape)).path).toBe("options");
  });

  test("answer a misspelt one with the one that was meant, and any other with all there are", () => {
    expect(refusal(() => checkOptions({ limt: 1 }, shape))).toMatchObject({
      path: "options.limt",
      message: 'options.limt is not an option; did you mean "limit"?',
    });
    expect(refusal(() => checkOptions({ colour: 1 }, shape)).message).toBe("options.colour is not an option; known are limit, direction, prepare");
    const more = { ...shape, colour: notYet("there are none") };
    expect(refusal(() => checkOptions({ size: 1 }, more)).message).toBe("options.size is not an option; known are limit, direction, prepare");
    expect(refusal(() => checkOptions({ colours: 1 }, more)).message).not.toContain('"colour"');
    expect(refusal(() => checkOptions({ "bad\u001bname": 1 }, shape)).message).not.toContain("\u001b");
  });

  test.for(["__proto__", "constructor", "toString"])("do not take %s for one that they inherit", (key) => {
    expect(refusal(() => checkOptions(JSON.parse(`{"${key}":1}`), shape)).path).toBe(`options.${key}`);
  });

  test("are told with the value and what is allowed", () => {
    expect(refusal(() => checkOptions({ limit: -1 }, shape)).message).toBe("options.limit must be a whole number from 0 to 9007199254740991, not -1");
    expect(refusal(() => checkOptions({ limit: Infinity }, shape)).message).toContain("leave it out for no bound");
    expect(refusal(() => checkOptions({ direction: "Backwards" }, shape)).message).toBe(
      'options.direction must be "forward" or "backward", not "Backwards"; did you mean "backward"?',
    );
    expect(refusal(() => checkOptions({ prepare: "yes" }, shape)).message).toBe('options.prepare must be true or false, not "yes"');
  });

  test.for([-1, 1.5, Number.NaN, 2 ** 53, "3", 3n, null, [], {}, true])("take %s for no whole number", (limit) => {
    expect(refusal(() => checkOptions({ limit }, shape)).path).toBe("options.limit");
  });
});
