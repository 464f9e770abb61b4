import fc from "fast-check";
import { expect, test } from "vitest";
import { sameQuery } from "../../src/read/same-query.ts";

const names = fc.array(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 4 });
const item = fc.record(
  { types: names, categories: names, streamIds: names, tags: names, prefix: fc.string(), data: fc.jsonValue(), since: fc.date({ noInvalidDate: true }) },
  { requiredKeys: [] },
);

test("a filter is the same in any order of names, alternatives and keys, and as the database keeps it", () => {
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 4 }), (items) => {
      const turned = items.toReversed().map((one) => ({
        ...Object.fromEntries(Object.entries(one).toReversed()),
        ...(one.types && { types: [...one.types, ...one.types].toReversed() }),
        ...(one.tags && { tags: one.tags.toReversed() }),
        categories: one.categories?.toReversed(),
      }));
      expect(sameQuery(items, turned)).toBe(true);
      expect(sameQuery(JSON.parse(JSON.stringify(items)), turned)).toBe(true);
    }),
  );
});

test("a filter is another one with another name, alternative or condition", () => {
  const filter = [{ types: ["A", "B"], tags: ["t"], data: { list: [1, 2] } }, { categories: ["cart"] }];
  const others = [
    filter.slice(1),
    [...filter, { types: ["C"] }],
    [{ ...filter[0], types: ["A"] }, filter[1]],
    [{ ...filter[0], tags: undefined }, filter[1]],
    [{ ...filter[0], data: { list: [2, 1] } }, filter[1]],
    [{ types: ["cart"] }, filter[0]],
    null,
    {},
  ];
  for (const other of others) expect(sameQuery(filter, other)).toBe(false);
  expect(sameQuery({ types: ["A"] }, [{ types: ["A"] }])).toBe(true);
});
