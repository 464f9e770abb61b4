import { describe, expect, test } from "vitest";
import { checkExpectedVersion } from "../../src/arguments/expected-version.ts";
import { refusal } from "./refusal.ts";

const accepted: readonly (readonly [string, unknown, unknown])[] = [
  ["undefined, as any", undefined, "any"],
  ["0", 0, 0],
  ["-0, as 0", -0, 0],
  ["1", 1, 1],
  ["2^53 - 1", 2 ** 53 - 1, 2 ** 53 - 1],
  ["any", "any", "any"],
  ["no-stream", "no-stream", "no-stream"],
  ["stream-exists", "stream-exists", "stream-exists"],
  ["unchanged since 0", { unchangedSince: 0 }, { unchangedSince: 0 }],
  ["unchanged since 2^53 - 1", { unchangedSince: 2 ** 53 - 1 }, { unchangedSince: 2 ** 53 - 1 }],
];

const refused: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["true", true],
  ["-1", -1],
  ["1.5", 1.5],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["2^53", 2 ** 53],
  ["1e21", 1e21],
  ["3n", 3n],
  ['"3"', "3"],
  ['""', ""],
  ['"ANY"', "ANY"],
  ['" any"', " any"],
  ['"no_stream"', "no_stream"],
  ['"toString"', "toString"],
  ["{}", {}],
  ["[]", []],
  ["[3]", [3]],
  ["a function", () => 3],
  ["a symbol", Symbol("any")],
  ["a boxed number", Object(3)],
  ["a boxed word", Object("any")],
  ["an object with valueOf", { valueOf: () => 3 }],
  ["{ unchangedSince: undefined }", { unchangedSince: undefined }],
  ["{ unchangedSince: -1 }", { unchangedSince: -1 }],
  ["{ unchangedSince: 1.5 }", { unchangedSince: 1.5 }],
  ["{ unchangedSince: NaN }", { unchangedSince: Number.NaN }],
  ["{ unchangedSince: 2^53 }", { unchangedSince: 2 ** 53 }],
  ['{ unchangedSince: "3" }', { unchangedSince: "3" }],
  ["{ unchangedSince, and another key }", { unchangedSince: 3, version: 3 }],
];

describe("an expected version", () => {
  test.for(accepted)("may be %s", ([, value, expected]) => {
    // toStrictEqual tells -0 from 0.
    expect(checkExpectedVersion(value, "options.expectedVersion")).toStrictEqual(expected);
  });

  test.for(refused)("may not be %s", ([, value]) => {
    expect(refusal(() => checkExpectedVersion(value, "options.expectedVersion")).path).toMatch(/^options\.expectedVersion(\.unchangedSince)?$/);
  });

  test("that is misspelt is answered with the word that was meant", () => {
    expect(refusal(() => checkExpectedVersion("NoStream", "options.expectedVersion")).message).toContain('did you mean "no-stream"?');
    expect(refusal(() => checkExpectedVersion("stream_exist", "options.expectedVersion")).message).toContain('did you mean "stream-exists"?');
    expect(refusal(() => checkExpectedVersion("whatever", "options.expectedVersion")).message).not.toContain("did you mean");
  });

  test("that is a text of digits is answered with the number", () => {
    expect(refusal(() => checkExpectedVersion("3", "options.expectedVersion")).message).toContain("pass the number 3");
  });

  test("is copied, so that a later change by the caller has no effect", () => {
    const given = { unchangedSince: 3 };
    const checked = checkExpectedVersion(given, "options.expectedVersion");
    given.unchangedSince = 4;
    expect(checked).toEqual({ unchangedSince: 3 });
  });
});
