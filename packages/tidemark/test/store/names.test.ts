import fc from "fast-check";
import { itemAdded } from "../support/cart.ts";
import { describe, expect, test } from "./test.ts";

/** Names that a store is likely to mistake for something, or for each other. */
const odd = [
  " ",
  "  ",
  "\u00a0",
  "\u2003",
  "$",
  "$1",
  "/",
  "../..",
  "%",
  "_",
  "a%",
  "a_",
  "\\",
  "a\\b",
  "'",
  '"',
  "`",
  "''",
  ";--",
  "'; drop table x; --",
  "{}",
  "{a,b}",
  "[]",
  "null",
  "NULL",
  "undefined",
  "true",
  "0",
  "-",
  "--",
  "-1",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "é",
  "e\u0301",
  "a\u200db",
  "ab",
  "\u202eabc",
  "\ufeffabc",
  "abc",
  "abc ",
  " abc",
  "\u0430bc",
  "ABC",
  "\u2028",
  "\u2029",
  "👩‍👩‍👧",
  "\u{10ffff}",
  "\uffff",
  "x".repeat(256),
] as const;

describe("names that look like something else", () => {
  test("are kept byte for byte, and apart, as streams, types, tags and tenants", async ({ store }) => {
    expect(new Set(odd).size).toBe(odd.length);
    await Promise.all(odd.map((name, n) => store.appendToStream(name, [{ type: name, data: { n }, tags: [name] }], { expectedVersion: "no-stream" })));
    await Promise.all(
      odd
        .filter((name) => Buffer.byteLength(name) <= 128)
        .map((name) => store.forTenant(name).appendToStream("cart-1", [itemAdded(name)], { expectedVersion: "no-stream" })),
    );
    for (const [n, name] of odd.entries()) {
      const expected = [expect.objectContaining({ streamId: name, type: name, data: { n }, tags: [name] })];
      expect(await store.readStream(name).toArray()).toEqual(expected);
      for (const filter of [{ streamIds: [name] }, { types: [name] }, { tags: [name] }])
        expect(await store.readAll({ filter }).toArray(), JSON.stringify(filter)).toEqual(expected);
      if (Buffer.byteLength(name) > 128) continue;
      expect(await store.forTenant(name).readAll().toArray()).toMatchObject([{ tenant: name, data: { sku: name } }]);
    }
    const listed: string[] = [];
    for await (const { streamId } of store.streams()) listed.push(streamId);
    expect(listed).toEqual([...odd].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  });
});

/** Any string without controls and halves of surrogate pairs, of at most this many bytes. */
const legal = (bytes: number): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.string({ unit: "binary", minLength: 1, maxLength: 20 }),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
      fc.constantFrom(...odd).chain((name) => fc.string({ maxLength: 3 }).map((end) => name + end)),
    )
    .filter((name) => Buffer.byteLength(name) <= bytes && name.isWellFormed() && !/[\u0000-\u001f\u007f-\u009f]/.test(name));

test("any legal name goes through every call that takes one", async ({ store }) => {
  const property = fc.asyncProperty(legal(120), legal(500), legal(250), legal(250), async (tenantName, streamId, type, tag) => {
    const tenant = store.forTenant(tenantName);
    const { version } = await tenant.appendToStream(streamId, [{ type, data: { tag }, tags: [tag] }]);
    const [event] = await tenant.readStream(streamId, { fromVersion: version }).toArray();
    expect(event).toMatchObject({ tenant: tenantName, streamId, type, tags: [tag], version, data: { tag } });
    const read = await tenant
      .readAll({ filter: { streamIds: [streamId], types: [type], tags: [tag], categories: [streamId.split("-", 1)[0] ?? ""], data: { tag } } })
      .toArray();
    expect(read.at(-1)).toEqual(event);
    const listed: string[] = [];
    for await (const info of tenant.streams({ prefix: streamId, limit: 1 })) listed.push(info.streamId);
    expect(listed).toEqual([streamId]);
    expect(await tenant.streamInfo(streamId)).toMatchObject({ streamId, exists: true, version });
  });
  await fc.assert(property, { numRuns: 250 });
});
