import { validate, version } from "uuid";
import { describe, expect, test } from "vitest";
import { checkUuid, newId } from "../../src/arguments/uuid.ts";
import { refusal } from "./refusal.ts";

const id = "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78";

describe("an id", () => {
  test.for([
    ["lower case", id],
    ["upper case", id.toUpperCase()],
    ["braces", `{${id}}`],
    ["braces and upper case", `{${id.toUpperCase()}}`],
    ["a URN", `urn:uuid:${id}`],
    ["a URN in upper case", `URN:UUID:${id.toUpperCase()}`],
  ] as const)("in %s is the same id in lower case", ([, text]) => {
    expect(checkUuid(text, "id")).toBe(id);
  });

  test.for([
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "c232ab00-9414-11ec-b3c8-9f6bdeced846",
    "919108f7-52d1-4320-9bac-f847db4148a8",
  ])("may be %s: any version is fine", (text) => {
    expect(checkUuid(text, "id")).toBe(text);
  });

  test.for([
    ["empty", ""],
    ["shorter", id.slice(1)],
    ["longer", `${id}0`],
    ["without dashes", id.replaceAll("-", "")],
    ["with a letter past f", id.replace("a", "g")],
    ["with a line end", `${id}\n`],
    ["with blanks", ` ${id} `],
    ["with one brace", `{${id}`],
    ["a URN in braces", `{urn:uuid:${id}}`],
    ["with dashes misplaced", "0190a6b15-c1e-7b6a-9d5e-3f1c2b4a6d78"],
    ["a number", 1],
    ["null", null],
    ["an array", [id]],
    ["an object", { toString: () => id }],
    ["with a full-width digit", id.replace("0", "０")],
  ] as const)("may not be %s", ([, value]) => {
    expect(refusal(() => checkUuid(value, "events[0].id")).path).toBe("events[0].id");
  });
});

describe("a new id", () => {
  test("is a version 7 UUID of this moment", () => {
    const before = Date.now();
    const made = newId();
    expect(validate(made) && version(made)).toBe(7);
    const ms = Number.parseInt(made.replaceAll("-", "").slice(0, 12), 16);
    expect(ms).toBeGreaterThanOrEqual(before);
    expect(ms).toBeLessThanOrEqual(Date.now());
  });

  test("is greater than every one before it, within one millisecond too", () => {
    const made = Array.from({ length: 20_000 }, newId);
    expect(made.toSorted()).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
  });
});
