import fc from "fast-check";
import { contains } from "../../src/model/contains.ts";
import { everything, LogPages, type Wanted } from "../../src/feed/log-pages.ts";
import { rowFilter, SharedRow } from "../../src/feed/row-filter.ts";
import type { EventQuery, EventQueryItem, JsonValue } from "../../src/model/event.ts";
import { checkFilter } from "../../src/read/filter.ts";
import { StatementsBySize } from "../../src/read/statements-by-size.ts";
import { openDatabase } from "../schema/open.ts";
import { describe, expect, test } from "./test.ts";

const types = ["A", "B", "a"];
const streamIds = ["x-1", "x-2", "x", "y-1", "-1", "ÿ-\u{1f600}"];
const tags = ["t:1", "t:2", "T:1"];
const tenants = ["", "acme"];

const scalar = fc.oneof(fc.constantFrom("", "a", "ä\u{1f600}", 0, 1, -1.5, 1e21, 1e-7, true, false, null), fc.integer());
const key = fc.constantFrom("a", "b", "", "__proto__", "toString");
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(tie("json"), { maxLength: 3 }),
    fc.dictionary(key, tie("json"), { maxKeys: 3, noNullPrototype: true }),
  ),
}));
const event = fc.record({
  tenant: fc.constantFrom(...tenants),
  streamId: fc.constantFrom(...streamIds),
  type: fc.constantFrom(...types),
  tags: fc.uniqueArray(fc.constantFrom(...tags)),
  data: json,
});

/** What filters name is mostly there, and sometimes a part of something that is. */
function queryOf(data: readonly unknown[]): fc.Arbitrary<EventQuery> {
  const names = (of: readonly string[]): fc.Arbitrary<string[]> => fc.uniqueArray(fc.constantFrom(...of, "nobody"), { minLength: 1, maxLength: 2 });
  const objects = data.filter((value): value is { readonly [key: string]: JsonValue } => typeof value === "object" && value !== null && !Array.isArray(value));
  const wholes = [
    fc.record({ types: names(types) }),
    fc.record({ categories: names(["x", "y", "", "ÿ"]) }),
    fc.record({ streamIds: names(streamIds) }),
    fc.record({ tags: fc.uniqueArray(fc.constantFrom(...tags), { minLength: 1, maxLength: 2 }) }),
    fc.record({ data: fc.constantFrom({}, ...objects) }),
    fc.record({ prefix: fc.constantFrom("", "x", "x-", "x-1", "ÿ-\u{1f600}", "%", "_") }),
    fc.record({ since: fc.constantFrom(new Date(-8.64e15), new Date(0), new Date(8.64e15)) }),
    // A part of what some event holds.
    fc.record({ data: fc.constantFrom(...objects.flatMap((object) => Object.entries(object).map(([key, value]) => ({ [key]: value })))) }),
  ];
  const item: fc.Arbitrary<EventQueryItem> = fc.tuple(fc.oneof(...wholes), fc.oneof(fc.constant({}), ...wholes)).map(([one, other]) => ({ ...one, ...other }));
  return fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }));
}

const shard = fc.option(
  fc.integer({ min: 1, max: 4 }).chain((of) => fc.record({ index: fc.nat(of - 1), of: fc.constant(of) })),
  { nil: undefined },
);

describe("a filter of the tail", () => {
  test("lets through what the same filter lets through on the server", async ({ store, databaseUrl, schema }) => {
    const events = fc.sample(event, { numRuns: 400, seed: 20_261_120 });
    for (const { tenant, streamId, ...written } of events) await store.forTenant(tenant).appendToStream(streamId, [written]);
    const database = await openDatabase(databaseUrl);
    try {
      const log = new LogPages(database, new StatementsBySize(schema));
      const read = async (wanted: Wanted): Promise<SharedRow[]> => {
        const pages = log.open(0, events.length, wanted, new AbortController().signal);
        const rows: SharedRow[] = [];
        for (let last = false; !last;) {
          const page = await pages.next();
          rows.push(...page.rows.map((row) => new SharedRow(row)));
          ({ last } = page);
        }
        return rows;
      };
      const all = await read(everything);
      expect(all).toHaveLength(events.length);
      let some = 0;
      await fc.assert(
        fc.asyncProperty(queryOf(events.map(({ data }) => data)), fc.constantFrom(undefined, ...tenants), shard, async (query, tenant, shard) => {
          const wanted: Wanted = { tenant, filter: checkFilter(query, "filter"), shard };
          const here = all.filter(rowFilter(wanted)).map(({ position }) => position);
          expect(here).toEqual((await read(wanted)).map(({ position }) => position));
          if (here.length > 0) some++;
        }),
        { numRuns: 500 },
      );
      expect(some).toBeGreaterThan(200);
    } finally {
      await database.close();
    }
  });

  test.for([
    [{ a: 1 }, {}, true],
    [[1], {}, false],
    [{ a: [1, 2] }, { a: 1 }, false],
    [{ a: [1, 2] }, { a: [2, 2] }, true],
    [{ a: [[1, 2], [3]] }, { a: [[2]] }, true],
    [{ a: [1] }, { a: [[1]] }, false],
    [{ a: null }, { a: null }, true],
    [{}, { a: null }, false],
    [{ a: [] }, { a: {} }, false],
    [{ a: { b: 1, c: 2 } }, { a: { c: 2 } }, true],
  ] as const)("%j contains %j: %j, as jsonb says", async ([value, part, expected], { sql }) => {
    expect(contains(value, part)).toBe(expected);
    const { rows } = await sql.query("select $1::jsonb operator(pg_catalog.@>) $2::jsonb as contains", [JSON.stringify(value), JSON.stringify(part)]);
    expect(rows).toEqual([{ contains: expected }]);
  });
});
