import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeAppend, pathInArguments } from "../../src/append/encode.ts";
import type { EncodedAppend } from "../../src/append/encoded.ts";
import { newId } from "../../src/arguments/uuid.ts";
import { isTidemarkError } from "../../src/errors/errors.ts";
import { refusal } from "../arguments/refusal.ts";

const settings = { eventBytes: 1_048_576, createId: newId };
const id = "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d78";
const other = "0190a6b1-5c1e-7b6a-9d5e-3f1c2b4a6d79";
const added = { type: "ItemAdded", data: { sku: "A1" } };

/** As a caller without types would: anything for the appends. */
function encode(appends: unknown, eventBytes = settings.eventBytes, createId = newId): EncodedAppend {
  return Reflect.apply(encodeAppend, undefined, ["acme", appends, { eventBytes, createId }]);
}

function encodeOne(...events: unknown[]): EncodedAppend {
  return encode([{ streamId: "cart-1", events }]);
}

describe("an append", () => {
  test("becomes text, with everything that the caller gave", () => {
    const appends = [
      { streamId: "cart-1", events: [{ ...added, metadata: { actorId: "u1" }, id, tags: ["cart:1", "sku:A1"] }], expectedVersion: 3 },
      { streamId: "cart-2", events: [], expectedVersion: "stream-exists" },
    ];
    expect(encode(appends)).toEqual({
      parts: [
        {
          tenant: "acme",
          streamId: "cart-1",
          expected: 3,
          events: [{ id, type: "ItemAdded", data: '{"sku":"A1"}', metadata: '{"actorId":"u1"}', tags: "cart:1\u001fsku:A1", schemaVersion: 1 }],
        },
        { tenant: "acme", streamId: "cart-2", expected: "stream-exists", events: [] },
      ],
      events: 1,
      bytes: 28,
      ownIds: true,
      tags: 2,
    });
  });

  test("without metadata, tags, ids and expectation has the defaults", () => {
    const { parts, ownIds, bytes } = encodeOne({ ...added, metadata: {}, tags: [], id: undefined }, { ...added, metadata: undefined, tags: undefined });
    expect(parts[0]).toMatchObject({
      expected: "any",
      events: [
        { metadata: "", tags: "" },
        { metadata: "", tags: "" },
      ],
    });
    expect(parts[0]?.events[0]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect({ ownIds, bytes }).toEqual({ ownIds: false, bytes: 24 });
  });

  test("of no events is allowed: it only checks versions", () => {
    expect(encode([{ streamId: "cart-1", events: [], expectedVersion: 3 }])).toMatchObject({ events: 0, bytes: 0, ownIds: false });
  });

  test("counts bytes of UTF-8, not characters", () => {
    expect(encodeOne({ type: "T", data: "é😀" }).bytes).toBe(8);
  });

  test("takes events that are instances of a class, for only their parts are read", () => {
    class ItemAdded {
      readonly type = "ItemAdded";
      readonly data: { readonly sku: string };
      constructor(sku: string) {
        this.data = { sku };
      }
    }
    expect(encodeOne(new ItemAdded("A1")).parts[0]?.events[0]?.data).toBe('{"sku":"A1"}');
  });

  test("holds no separator of the wire in any text, whatever went in", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, text, fc.jsonValue({ stringUnit: "binary" }), (streamId, type, tag, data) => {
        try {
          const { parts } = encode([{ streamId, events: [{ type, data, metadata: { [tag]: data }, tags: [tag] }] }]);
          expect(parts[0]?.streamId).not.toMatch(/[\0\u001e\u001f]/);
          for (const event of parts[0]?.events ?? []) expect(`${event.type}${event.data}${event.metadata}${event.tags}`).not.toMatch(/[\0\u001e\u001f]/);
        } catch (error) {
          if (!isTidemarkError(error, "INVALID_ARGUMENT")) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the list of appends", () => {
  test.for([
    ["undefined", undefined],
    ["null", null],
    ["an object", { streamId: "a", events: [] }],
    ["empty", []],
  ] as const)("is not %s", ([, appends]) => {
    expect(refusal(() => encode(appends)).path).toBe("appends");
  });

  test.for([
    ["null", null],
    ["a text", "cart-1"],
    ["an array", []],
  ] as const)("does not hold %s", ([, append]) => {
    expect(refusal(() => encode([append])).path).toBe("appends[0]");
  });

  test("names a stream once", () => {
    const error = refusal(() =>
      encode([
        { streamId: "a", events: [] },
        { streamId: "b", events: [] },
        { streamId: "a", events: [] },
      ]),
    );
    expect(error).toMatchObject({ path: "appends[2].streamId", message: expect.stringContaining("appends[0] names already") });
  });

  test("names at most 10,000 streams", () => {
    const appends = Array.from({ length: 10_001 }, (_, index) => ({ streamId: `s-${index}`, events: [] }));
    expect(encode(appends.slice(1)).parts).toHaveLength(10_000);
    expect(refusal(() => encode(appends)).path).toBe("appends");
  });

  test("answers an unknown key with the one that was meant", () => {
    expect(refusal(() => encode([{ streamId: "a", events: [], expectedVerson: 1 }]))).toMatchObject({
      path: "appends[0].expectedVerson",
      message: expect.stringContaining('did you mean "expectedVersion"?'),
    });
  });

  test("holds at most 10,000 events over all its parts", () => {
    const events = Array.from({ length: 5000 }, () => added);
    expect(
      encode([
        { streamId: "a", events },
        { streamId: "b", events },
      ]).events,
    ).toBe(10_000);
    expect(
      refusal(() =>
        encode([
          { streamId: "a", events },
          { streamId: "b", events: [...events, added] },
        ]),
      ),
    ).toMatchObject({ path: "appends[1].events", message: expect.stringContaining("10001 events") });
  });
});

describe("the path of a mistake", () => {
  const bad = [{ streamId: "cart-1", events: [added, added, { type: "ItemAdded", data: { items: [0, 0, 0, { price: 1n }] } }] }];

  test("begins with the part in appendToStreams", () => {
    expect(refusal(() => encode([{ streamId: "a", events: [] }, ...bad])).path).toBe("appends[1].events[2].data.items[3].price");
  });

  test("begins with the argument in a call for one stream", () => {
    const path = (append: object): string => refusal(() => Reflect.apply(encodeAppend, undefined, ["", [append], settings, pathInArguments])).path;
    expect(path({ ...bad[0] })).toBe("events[2].data.items[3].price");
    expect(path({ streamId: "", events: [] })).toBe("streamId");
    expect(path({ streamId: "a", events: {} })).toBe("events");
    expect(path({ streamId: "a", events: [], expectedVersion: -1 })).toBe("options.expectedVersion");
  });
});

describe("an event", () => {
  test.for([
    ["undefined", undefined],
    ["null", null],
    ["a text", "ItemAdded"],
    ["an array", ["ItemAdded"]],
    ["a number", 1],
  ] as const)("is not %s", ([, event]) => {
    expect(refusal(() => encodeOne(added, event)).path).toBe("appends[0].events[1]");
  });

  test("that stands alone is asked to be put into an array", () => {
    expect(refusal(() => encode([{ streamId: "a", events: added }])).message).toContain("put it into an array");
  });

  test.for([
    ["type", { data: {} }],
    ["type", { type: "", data: {} }],
    ["type", { type: "a\u001eb", data: {} }],
    ["type", { type: 5, data: {} }],
    ["type", { type: "x".repeat(257), data: {} }],
    ["data", { type: "T" }],
    ["data", { type: "T", data: undefined }],
    ["data.at", { type: "T", data: { at: new Date() } }],
    ["metadata", { ...added, metadata: null }],
    ["metadata", { ...added, metadata: "x" }],
    ["metadata", { ...added, metadata: [] }],
    ["metadata", { ...added, metadata: new Map() }],
    ["metadata.n", { ...added, metadata: { n: 1n } }],
    ["id", { ...added, id: "7" }],
    ["id", { ...added, id: null }],
    ["tags", { ...added, tags: "a" }],
    ["tags", { ...added, tags: null }],
    ["tags[1]", { ...added, tags: ["a", ""] }],
  ] as const)("is refused for its %s", ([path, event]) => {
    expect(refusal(() => encodeOne(event)).path).toBe(`appends[0].events[0].${path}`);
  });

  test.for(["streamId", "category", "version", "position", "recordedAt", "schemaVersion", "tenant"])(
    "that was read and still has its %s is answered with what to pass",
    (key) => {
      const error = refusal(() => encodeOne({ ...added, [key]: 1 }));
      expect(error).toMatchObject({ path: `appends[0].events[0].${key}`, message: expect.stringContaining("is set by the store") });
    },
  );

  test("with an unknown key is answered with the one that was meant", () => {
    expect(refusal(() => encodeOne({ ...added, meta_data: {} })).message).toContain('did you mean "metadata"?');
    expect(refusal(() => encodeOne({ ...added, colour: {} })).message).toContain("known are type, data, metadata, id, tags");
  });

  test("whose getter throws is refused and nothing else is thrown", () => {
    const cause = new Error("out of reach");
    const error = refusal(() =>
      encodeOne({
        get type(): never {
          throw cause;
        },
        data: {},
      }),
    );
    expect(error.cause).toBe(cause);
  });
});

describe("ids", () => {
  test("are one however they are written, and twice in one append refused", () => {
    const error = refusal(() =>
      encode([
        { streamId: "a", events: [{ ...added, id }] },
        {
          streamId: "b",
          events: [
            { ...added, id: other },
            { ...added, id: `{${id.toUpperCase()}}` },
          ],
        },
      ]),
    );
    expect(error).toMatchObject({ path: "appends[1].events[1].id", message: expect.stringContaining(id) });
  });

  test("that createId returns are checked too", () => {
    expect(refusal(() => encode([{ streamId: "a", events: [added] }], undefined, () => "7")).path).toBe("createId()");
    expect(refusal(() => encode([{ streamId: "a", events: [added, added] }], undefined, () => id))).toMatchObject({
      path: "createId()",
      message: expect.stringContaining("again"),
    });
    expect(encode([{ streamId: "a", events: [added] }], undefined, () => id.toUpperCase())).toMatchObject({ ownIds: false, parts: [{ events: [{ id }] }] });
  });

  test("are asked of createId only where the caller gave none", () => {
    const encoded = encode([{ streamId: "a", events: [{ ...added, id }] }], undefined, () => {
      throw new Error("was asked");
    });
    expect(encoded.ownIds).toBe(true);
  });
});
