import fc from "fast-check";
import { fromCell, toCell } from "../../src/transfer/csv-envelope.ts";
import { deriveId, namedId } from "../../src/transfer/derived-id.ts";
import { writeJson } from "../../src/arguments/json.ts";
import { parseExactly } from "../../src/transfer/exact-json.ts";
import { parseTime } from "../../src/transfer/parse-time.ts";
import { describe, expect, test } from "../support/test.ts";

describe("a time", () => {
  test("is what Date writes, to the millisecond", () => {
    const date = fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true });
    fc.assert(
      fc.property(date, (at) => {
        expect(parseTime(at.toISOString(), false)).toBe(at.getTime());
      }),
    );
  });

  test.for([
    ["2026-11-20T10:00:00+02:00", "2026-11-20T08:00:00.000Z"],
    ["2026-11-20 10:00:00.123456-0330", "2026-11-20T13:30:00.123Z"],
    ["2026-11-20 10:00:00+00", "2026-11-20T10:00:00.000Z"],
    ["2026-11-20 10:00:00 UTC", "2026-11-20T10:00:00.000Z"],
    ["2026-11-20T10:00Z", "2026-11-20T10:00:00.000Z"],
    ["2026-11-20", "2026-11-20T00:00:00.000Z"],
    ["2024-02-29T00:00:00.5Z", "2024-02-29T00:00:00.500Z"],
  ] as const)("written %s is %s", ([text, iso]) => {
    expect(new Date(parseTime(text, false)).toISOString()).toBe(iso);
  });

  test.for(["", "now", "20.11.2026", "2026-02-30", "2026-11-20T25:00:00Z", "2026-13-01", "1700000000", "0000-01-01", "2026-11-20T10:60:00Z", "infinity"])(
    "is not %j",
    (text) => {
      expect(() => parseTime(text, true)).toThrow(RangeError);
    },
  );

  test("without a zone is one only by choice", () => {
    expect(() => parseTime("2026-11-20 10:00:00", false)).toThrow("pass --utc");
    expect(new Date(parseTime("2026-11-20 10:00:00", true)).toISOString()).toBe("2026-11-20T10:00:00.000Z");
  });
});

describe("JSON", () => {
  test.for([
    "9007199254740993",
    "1.10",
    "1e2",
    "1e-400",
    "0.1000000000000000055511151231257827",
    "-12345678901234567890.5",
    "[1.0, 2]",
    '{"a":{"b":123456789012345678}}',
  ])("keeps the number of %s as it was", (text) => {
    expect(JSON.stringify(parseExactly(text).exact)).toBe(text.replaceAll(" ", ""));
  });

  test.for<[string, string]>([
    ["-0.0", "0"],
    ["-0", "0"],
    ["[-0e5, -0.00E-3]", "[0,0]"],
    ['{"a":{"n":-0.0,"text":"-0.0"},"b":-0.5}', '{"a":{"n":0,"text":"-0.0"},"b":-0.5}'],
  ])("with the zero of %s, which has a sign, holds zero", ([text, written]) => {
    const { value, exact = value } = parseExactly(text);
    expect(JSON.stringify(exact)).toBe(written);
    expect(writeJson(value, 1_000)).toBe(written);
  });

  test("keeps a number that is too near to zero for JavaScript", () => {
    const { value, exact } = parseExactly("[-1e-400]");
    expect(JSON.stringify(exact)).toBe("[-1e-400]");
    expect(writeJson(value, 1_000)).toBe("[0]");
  });

  test("that JavaScript writes needs nothing kept", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { exact } = parseExactly(JSON.stringify({ value }));
        expect(exact === undefined || JSON.stringify(exact) === JSON.stringify({ value })).toBe(true);
      }),
    );
  });

  test.for(["1e400", "[1e-1000]", '{"n":123e999999}'])("with the number of %s is refused", (text) => {
    expect(() => parseExactly(text)).toThrow("out of range");
  });
});

describe("a derived id", () => {
  const event = { tenant: "", streamId: "cart-1", type: "ItemAdded", data: "{}", metadata: "", tags: "", recordedAt: null };

  test("is a UUID of version 8 that stays the same", () => {
    expect(deriveId(event, 7)).toBe("00000000-0007-8187-b4e9-7d945d5b7a9a");
    expect(deriveId(event, 7)).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });

  test("differs by everything that it is made of, and by the line", () => {
    const others = [
      { ...event, tenant: "acme" },
      { ...event, streamId: "cart-2" },
      { ...event, type: "Other" },
      { ...event, data: "[]" },
      { ...event, metadata: "{}" },
      { ...event, tags: "a" },
      { ...event, recordedAt: 7 },
    ];
    expect(new Set([deriveId(event, 7), deriveId(event, 8), ...others.map((other) => deriveId(other, 7))]).size).toBe(9);
    const timed = { ...event, recordedAt: 7 };
    expect(deriveId(timed, 7)).not.toBe(deriveId(timed, 8));
  });

  test("rises with the time, or with the line where there is none", () => {
    const ids = [5, 1_700_000_000_000, 1_700_000_000_001].map((recordedAt) => deriveId({ ...event, recordedAt }, 1));
    expect(ids.toSorted()).toEqual(ids);
    expect([deriveId(event, 9), deriveId(event, 10), deriveId(event, 300)].toSorted()).toEqual([deriveId(event, 9), deriveId(event, 10), deriveId(event, 300)]);
  });

  test("of a name is that of the name, tenant and time alone", () => {
    expect(namedId("", "order 1", 5)).toBe(namedId("", "order 1", 5));
    expect(new Set([namedId("", "order 1", 5), namedId("", "order 2", 5), namedId("acme", "order 1", 5), namedId("", "order 1", 6)]).size).toBe(4);
  });
});

test("a text goes through a cell that no spreadsheet runs as a formula", () => {
  const text = fc.oneof(fc.string(), fc.constantFrom("=1+1", "'=1", "''-x", "@x", "'", "''", "-5", "+1", "\t=", '="a",b'));
  fc.assert(
    fc.property(text, (given) => {
      const cell = toCell(given);
      const shown = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
      expect(fromCell(shown)).toBe(given);
      expect(shown).not.toMatch(/^[=+\-@\t\r]/);
    }),
  );
});
