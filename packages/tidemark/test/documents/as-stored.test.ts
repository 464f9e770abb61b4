import fc from "fast-check";
import { expect, test } from "vitest";
import { asStored } from "../../src/documents/as-stored.ts";

const key = fc.oneof(fc.constantFrom("a", "b", "aa", "ü", "€", "😀", "10", "2", "__proto__", "_id", "_version"), fc.string({ maxLength: 3 }));
const fields = (value: fc.Arbitrary<unknown>, most: number): fc.Arbitrary<Readonly<Record<string, unknown>>> =>
  fc.array(fc.tuple(key, value), { maxLength: most }).map((entries): Readonly<Record<string, unknown>> => Object.fromEntries(entries));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(undefined, null, 1, "one"),
    fc.array(tie("value"), { maxLength: 3 }),
    fields(tie("value"), 5).map((object): unknown => object),
  ),
}));

/** What jsonb makes of it, with the keys in the order that `Object.entries` tells. */
function inOrder(document: unknown): unknown {
  if (typeof document !== "object" || document === null) return document;
  if (Array.isArray(document)) return document.map(inOrder);
  const entries = Object.entries(document).filter(([, held]) => held !== undefined);
  entries.sort(([a], [b]) => Buffer.byteLength(a) - Buffer.byteLength(b) || Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return Object.fromEntries(entries.map(([name, held]) => [name, inOrder(held)]));
}

/** Where `toEqual` does not look: keys in their order, and what is undefined. */
function told(document: unknown): unknown {
  if (typeof document !== "object" || document === null) return document;
  return Array.isArray(document) ? document.map(told) : Object.entries(document).map(([name, held]) => [name, told(held)]);
}

test("a document is in the order of jsonb, whatever keys the ones before it had", () => {
  fc.assert(
    fc.property(fields(value, 40), (given) => {
      const { _id, _version, ...document } = given;
      const stored = asStored("an id", document);
      expect(told(stored)).toStrictEqual(told(inOrder(document)));
      expect(told(asStored("an id", stored))).toStrictEqual(told(stored));
    }),
    { numRuns: 2_000 },
  );
});

test("a document that is in that order already is not copied", () => {
  const document = { id: 1, lines: [{ id: 2, quantity: 3 }], total: { net: 1, tax: 2 } };
  expect(asStored("an id", document)).toBe(document);
  expect(asStored("an id", { lines: [], id: 1 })).toStrictEqual({ id: 1, lines: [] });
  expect(asStored("an id", document)).toBe(document);
});
