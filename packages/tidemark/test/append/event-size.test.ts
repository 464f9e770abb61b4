import { describe, expect, test } from "vitest";
import { encodeAppend } from "../../src/append/encode.ts";
import type { EncodedAppend } from "../../src/append/encoded.ts";
import { newId } from "../../src/arguments/uuid.ts";
import { isTidemarkError } from "../../src/errors/errors.ts";
import { refusal } from "../arguments/refusal.ts";

/** As a caller without types would: anything for the events. */
function encode(events: readonly unknown[], eventBytes = 1_048_576): EncodedAppend {
  return Reflect.apply(encodeAppend, undefined, ["", [{ streamId: "a", events }], { eventBytes, createId: newId }]);
}

describe("the size of an event", () => {
  /** `{"s":"…"}` is 8 bytes and the text. */
  const sized = (bytes: number): object => ({ type: "T", data: { s: "x".repeat(bytes - 8) } });

  test("is the JSON of data and metadata together, and not a byte more", () => {
    expect(encode([sized(2048)], 2048).bytes).toBe(2048);
    expect(() => encode([sized(2048), sized(2049)], 2048)).toThrow(
      expect.objectContaining({ code: "EVENT_TOO_LARGE", path: "appends[0].events[1]", bytes: 2049, limit: 2048 }),
    );
    expect(() => encode([{ ...sized(2000), metadata: { m: "é".repeat(25) } }], 2048)).toThrow(expect.objectContaining({ bytes: 2058 }));
  });

  test("is told for texts, keys and numbers alike, however far beyond", () => {
    const limit = 2048;
    for (const data of [
      "x".repeat(1e6),
      { ["k".repeat(1e6)]: 1 },
      Array.from({ length: 1e6 }, (_, index) => index),
      '"'.repeat(3000),
      "é".repeat(1100),
      { a: { b: Array.from({ length: 5000 }, () => ({})) } },
    ]) {
      const error = thrownBy(() => encode([{ type: "T", data }], limit));
      expect(isTidemarkError(error, "EVENT_TOO_LARGE") && error.bytes > limit && error.bytes <= JSON.stringify(data).length * 2).toBe(true);
    }
  });

  test("is told of the longest text there can be, without a copy of it", () => {
    const longest = "x".repeat(2 ** 29 - 24);
    expect(() => encode([{ type: "T", data: longest }])).toThrow(expect.objectContaining({ code: "EVENT_TOO_LARGE", bytes: longest.length }));
    expect(() => encode([{ type: "T", data: { deep: [{ text: longest }] } }])).toThrow(expect.objectContaining({ code: "EVENT_TOO_LARGE" }));
  });

  test.for([
    ["texts", "x".repeat(1000)],
    ["numbers", 0],
    ["empty objects", {}],
  ] as const)("is told of shared %s that would write out as 2^60", ([, shared]) => {
    let data: unknown = shared;
    for (let level = 0; level < 60; level++) data = level % 2 === 0 ? [data, data] : { a: data, b: data };
    expect(() => encode([{ type: "T", data }])).toThrow(expect.objectContaining({ code: "EVENT_TOO_LARGE" }));
  });

  test("is known before all is read: what is written above counts for what stands below", () => {
    let reads = 0;
    const text = "x".repeat(3 * 1024 * 1024);
    const level = (left: number): object => ({
      text,
      get inner(): unknown {
        reads++;
        return left === 0 ? null : level(left - 1);
      },
    });
    expect(() => encode([{ type: "T", data: level(100) }])).toThrow(expect.objectContaining({ code: "EVENT_TOO_LARGE" }));
    expect(reads).toBe(1);
  });

  test("is not the matter where an object contains itself, however wide it is", () => {
    const data: Record<string, unknown> = { text: "x".repeat(3 * 1024 * 1024) };
    data["self"] = data;
    expect(refusal(() => encode([{ type: "T", data }]))).toMatchObject({
      path: "appends[0].events[0].data.self",
      message: expect.stringContaining("contains itself"),
    });
  });

  test("is bounded for a whole append, which travels as one text", () => {
    const large = { type: "T", data: "x".repeat(15 * 1024 * 1024) };
    const events = Array.from({ length: 18 }, () => large);
    expect(refusal(() => encode(events, 16 * 1024 * 1024))).toMatchObject({
      path: "appends[0].events[17]",
      message: expect.stringContaining("Split it"),
    });
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
