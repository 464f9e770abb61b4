import { describe, expect, test } from "vitest";
import { become } from "../../src/catalogue/become.ts";
import { event } from "../../src/catalogue/plain-event.ts";
import { retired } from "../../src/catalogue/retired.ts";
import { asDate } from "../../src/catalogue/stored-codecs.ts";
import type { StoredEvent } from "../../src/catalogue/definition.ts";
import type { RecordedEvent } from "../../src/model/event.ts";
import { codecOf, decoded, read, storedEvent } from "./stored-event.ts";

const confirmed = {
  schema: event<{ at: Date; channel: string }>(),
  version: 3,
  upcast: {
    1: ({ data }: StoredEvent) => ({ ...data, channel: "web" }),
    2: ({ data }: StoredEvent) => ({ at: data.confirmedAt, channel: data.channel }),
  },
  downcast: {
    3: ({ data }: StoredEvent) => ({ confirmedAt: data.at, channel: data.channel }),
    2: ({ data }: StoredEvent) => ({ confirmedAt: data.confirmedAt }),
  },
  stored: { at: asDate },
};
const codec = codecOf({
  ItemAdded: event(),
  CartConfirmed: confirmed,
  CartCreated: { schema: event(), version: 2, upcast: { 1: ({ data }: StoredEvent) => ({ owner: data.user }) } },
  CartOpened: retired(({ data }) => [{ type: "CartCreated", data }]),
  BasketFilled: retired(({ data }) => data.skus.map((sku: string) => ({ type: "ItemAdded", schemaVersion: 1, data: { sku } }))),
  CartTouched: retired(() => []),
});
const noon = "2026-11-20T12:00:00.000Z";

describe("a stored event", () => {
  test("of the newest version is given as it is", () => {
    const stored = storedEvent("ItemAdded", { sku: "tea" });
    expect(decoded(codec, stored)[0]).toBe(stored);
  });

  test.each([
    [1, { confirmedAt: noon }, { at: new Date(noon), channel: "web" }],
    [2, { confirmedAt: noon, channel: "shop" }, { at: new Date(noon), channel: "shop" }],
    [3, { at: noon, channel: "shop" }, { at: new Date(noon), channel: "shop" }],
  ])("of version %i goes through the steps from there", (schemaVersion, data, expected) => {
    const stored = storedEvent("CartConfirmed", data, { schemaVersion });
    expect(decoded(codec, stored)).toStrictEqual([{ ...stored, data: expected, schemaVersion: 3 }]);
  });

  test("of a retired type becomes one event, which is brought up to date itself", () => {
    const stored = storedEvent("CartOpened", { user: "ada" });
    expect(decoded(codec, stored)).toStrictEqual([{ ...stored, type: "CartCreated", data: { owner: "ada" }, schemaVersion: 2 }]);
  });

  test("becomes several, which share its place and are numbered", () => {
    const stored = storedEvent("BasketFilled", { skus: ["tea", "milk"] });
    const parts = decoded(codec, stored);
    expect(parts).toStrictEqual([
      { ...stored, type: "ItemAdded", data: { sku: "tea" }, part: 0 },
      { ...stored, type: "ItemAdded", data: { sku: "milk" }, part: 1 },
    ]);
    expect(parts[0]?.metadata).not.toBe(parts[1]?.metadata);
  });

  test("becomes none", () => {
    expect(decoded(codec, storedEvent("CartTouched", {}))).toEqual([]);
    expect(decoded(codec, storedEvent("BasketFilled", { skus: [] }))).toEqual([]);
  });

  test("becomes others by a step of a type that is still written", () => {
    const priced = codecOf({
      PriceChanged: {
        schema: event(),
        version: 2,
        upcast: { 1: ({ data }: StoredEvent) => become(data.skus.map((sku: string) => ({ type: "PriceChanged", schemaVersion: 2, data: { sku } }))) },
      },
    });
    expect(read(priced, storedEvent("PriceChanged", { skus: ["tea", "milk"] }))).toEqual([
      ["PriceChanged 2", { sku: "tea" }, 0],
      ["PriceChanged 2", { sku: "milk" }, 1],
    ]);
  });

  test("is read the same again, whatever a step does to what it gets", () => {
    const greedy = codecOf({
      A: {
        schema: event(),
        version: 3,
        upcast: {
          1: (stored: StoredEvent) => {
            stored.data.lines.push("more");
            Object.assign(stored.metadata, { actorId: "mallory" });
            return stored.data;
          },
          2: ({ data }: StoredEvent) => Object.assign(data, { second: true }),
        },
      },
    });
    const stored = storedEvent("A", { lines: ["one"] });
    const first = decoded(greedy, stored);
    expect(first).toEqual(decoded(greedy, stored));
    expect(first[0]).toMatchObject({ data: { lines: ["one", "more"], second: true }, metadata: { actorId: "ada" } });
    expect(stored).toEqual(storedEvent("A", { lines: ["one"] }));
  });

  test("that nothing else has gives its data to the first step without a copy, and its metadata never", () => {
    const seen: StoredEvent[] = [];
    const keeping = codecOf({
      A: {
        schema: event(),
        version: 2,
        upcast: {
          1: (stored: StoredEvent) => {
            seen.push(stored);
            Object.assign(stored.metadata, { actorId: "mallory" });
            stored.recordedAt.setTime(0);
            return stored.data;
          },
        },
      },
    });
    const stored = storedEvent("A", { lines: ["one"] });
    const into: RecordedEvent[] = [];
    keeping.decoder().decode?.(stored, into, true);
    keeping.decoder().decode?.(stored, into);
    expect(into[0]).toStrictEqual({ ...storedEvent("A", { lines: ["one"] }), schemaVersion: 2 });
    expect(into[1]).toStrictEqual(into[0]);
    expect(seen[0]?.data).toBe(stored.data);
    expect(seen[1]?.data).not.toBe(stored.data);
    expect(into[0]?.data).not.toBe(stored.data);
  });

  test("keeps metadata deep inside from its steps, and each part has its own", () => {
    const greedy = codecOf({
      A: retired(({ metadata }: StoredEvent) => {
        Object.assign(Object(metadata["by"]), { name: "mallory" });
        return [
          { type: "B", data: {} },
          { type: "B", data: {} },
        ];
      }),
      B: event(),
    });
    const metadata = { by: { name: "ada", roles: ["owner"] }, ["__proto__x"]: null };
    const [first, second] = decoded(greedy, storedEvent("A", {}, { metadata }));
    expect([first?.metadata, second?.metadata]).toEqual([metadata, metadata]);
    expect(metadata.by).toEqual({ name: "ada", roles: ["owner"] });
    Object.assign(Object(first?.metadata["by"]), { name: "eve" });
    expect(second?.metadata).toEqual(metadata);
  });

  test("is not changed by a step that returns the same object each time", () => {
    const shared = { count: 0 };
    const counting = codecOf({ A: { schema: event(), version: 3, upcast: { 1: () => shared, 2: ({ data }: StoredEvent) => ({ count: ++data.count }) } } });
    expect(read(counting, storedEvent("A", {}))).toEqual([["A 3", { count: 1 }]]);
    expect(read(counting, storedEvent("A", {}))).toEqual([["A 3", { count: 1 }]]);
    expect(shared).toEqual({ count: 0 });
  });
});

describe("a reader that knows an older shape", () => {
  test.each([
    [3, { at: new Date(noon), channel: "shop" }],
    [2, { confirmedAt: noon, channel: "shop" }],
    [1, { confirmedAt: noon }],
  ])("gets version %i, an older one as plain JSON", (version, expected) => {
    const stored = storedEvent("CartConfirmed", { at: noon, channel: "shop" }, { schemaVersion: 3 });
    expect(read(codec, stored, { as: { CartConfirmed: version } })).toEqual([[`CartConfirmed ${version}`, expected]]);
  });

  test("gets other types in their newest shape", () => {
    expect(read(codec, storedEvent("CartOpened", { user: "ada" }), { as: { CartConfirmed: 2 } })).toEqual([["CartCreated 2", { owner: "ada" }]]);
  });

  test.each([
    [{ CartConfirmd: 2 }, 'options.as.CartConfirmd is no type of the catalogue; did you mean "CartConfirmed"?'],
    [{ CartConfirmed: 4 }, "options.as.CartConfirmed must be a whole number from 1 to 3, not 4"],
    [{ CartCreated: 1 }, "options.as.CartCreated is 1, but the definition has no downcast 2, from version 2 to 1; add it"],
    [{ CartOpened: 1 }, "options.as.CartOpened is no type of the catalogue; known are ItemAdded, CartConfirmed, CartCreated"],
  ])("is refused for %j", (as, message) => {
    expect(() => codec.decoder({ as })).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", message }));
  });
});

test("a raw reader gets what is stored", () => {
  const filter = [{ types: ["CartCreated"] }];
  expect(codec.decoder({ filter, raw: true })).toEqual({ filter, decode: undefined });
});

describe("an event that the catalogue does not know", () => {
  const newer = storedEvent("CartConfirmed", {}, { schemaVersion: 4 });
  const foreign = storedEvent("ItemAded", {}, { schemaVersion: 2 });

  test("is an error by default, with its place", () => {
    expect(() => decoded(codec, foreign)).toThrow(
      expect.objectContaining({
        code: "UNKNOWN_EVENT_TYPE",
        type: "ItemAded",
        schemaVersion: 2,
        position: 17,
        path: undefined,
        message: expect.stringMatching(/^The event at position 17 in stream "cart-1" is of type "ItemAded", .* did you mean "ItemAdded"\?/),
      }),
    );
    expect(() => decoded(codec, newer)).toThrow(/has version 4 of "CartConfirmed", but the catalogue knows no version after 3: a newer application wrote it/);
  });

  test("is skipped and counted", () => {
    const skipped: unknown[] = [];
    const skipping = codecOf({ ItemAdded: event() }, { unknownEvents: "skip", onSkipped: (one) => skipped.push(one.type) });
    expect(decoded(skipping, foreign)).toEqual([]);
    expect(decoded(skipping, storedEvent("ItemAdded", {}))).toHaveLength(1);
    expect(skipped).toEqual(["ItemAded"]);
  });

  test("is passed as it is stored", () => {
    const passing = codecOf({ ItemAdded: event() }, { unknownEvents: "pass" });
    expect(decoded(passing, foreign)[0]).toBe(foreign);
  });
});
