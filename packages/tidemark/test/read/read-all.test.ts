import fc from "fast-check";
import type { EventQuery, EventQueryItem, RecordedEvent } from "../../src/model/event.ts";
import type { ReadAllOptions } from "../../src/read/options.ts";
import { test as withStore } from "../support/test.ts";
import { describe, expect, type Log, type Model, observed, type Sketch, test, tinyPages } from "./log.ts";

const types = ["Added", `it's`, `{a,"b"}`, "back\\slash"];
const streamIds = ["cart-1", "cart-2", "cart", `odd,{"x"}-1`, "🛒-1", "-"];
const categories = ["cart", `odd,{"x"}`, "🛒", ""];
const tags = ["course:c1", "a,b", `"q"`, "🏷"];

const sketches: readonly Sketch[] = Array.from({ length: 60 }, (_, index) => ({
  streamId: streamIds[(index * 7) % streamIds.length] ?? "",
  type: types[(index * 3) % types.length] ?? "",
  data: { index, odd: index % 2 === 1, list: [index % 3, index % 5] },
  tags: tags.filter((_tag, place) => ((index >> place) & 1) === 1),
  tenant: index % 6 === 5 ? "acme" : "",
  gap: index % 9 === 8 ? 5 : 0,
}));

interface Data {
  readonly odd: boolean;
  readonly list: readonly number[];
}

function matches(item: EventQueryItem, event: RecordedEvent): boolean {
  const { odd, list }: Data = JSON.parse(JSON.stringify(event.data));
  const wanted: Partial<Data> | undefined = item.data;
  return (
    (item.types?.includes(event.type) ?? true) &&
    (item.categories?.includes(event.category) ?? true) &&
    (item.streamIds?.includes(event.streamId) ?? true) &&
    (item.tags?.every((tag) => event.tags.includes(tag)) ?? true) &&
    (wanted?.odd === undefined || wanted.odd === odd) &&
    (wanted?.list?.every((n) => list.includes(n)) ?? true)
  );
}

function expected(model: Model, mark: number, { after = 0, until = Infinity, direction, limit = Infinity, filter = {}, tenants }: ReadAllOptions): Model {
  const items = [filter].flat();
  const found = model.filter(
    (event) =>
      event.position > after &&
      event.position <= Math.min(until, mark) &&
      (tenants === "all" || event.tenant === "") &&
      items.some((item) => matches(item, event)),
  );
  return (direction === "backward" ? found.toReversed() : found).slice(0, limit);
}

const some = (from: readonly string[]): fc.Arbitrary<string[]> => fc.subarray([...from], { minLength: 1 });
const anyItem: fc.Arbitrary<EventQueryItem> = fc.record(
  {
    types: some([...types, "unknown"]),
    categories: some(categories),
    streamIds: some([...streamIds, "unknown"]),
    tags: some(tags),
    data: fc.record({ odd: fc.boolean(), list: fc.subarray([0, 1, 2]) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);
const anyFilter: fc.Arbitrary<EventQuery> = fc.oneof(anyItem, fc.array(anyItem, { minLength: 1, maxLength: 3 }));
const anyOptions = fc.record(
  {
    after: fc.nat(100),
    until: fc.nat(100),
    direction: fc.constantFrom("forward" as const, "backward" as const),
    limit: fc.nat(70),
    filter: anyFilter,
    tenants: fc.constantFrom("own" as const, "all" as const),
  },
  { requiredKeys: [] },
);

async function positions(log: Log, mark: number, options: ReadAllOptions): Promise<number[]> {
  return (await log.reader({ mark }).readAll(options).toArray()).map(({ position }) => position);
}

describe("readAll", () => {
  test("reads what a plain array would give, for any bounds, direction, limit, filter and tenants, up to the mark", async ({ log }) => {
    const model = await log.write(sketches);
    await fc.assert(
      fc.asyncProperty(anyOptions, fc.constantFrom(0, 1, 40, 80, 500), async (options, mark) => {
        expect(await log.reader({ mark }).readAll(options).toArray()).toEqual(expected(model, mark, options));
      }),
      { numRuns: 400, examples: [[{ filter: { categories: [""] }, tenants: "all" }, 500]] },
    );
  });

  test("asks for the mark once in each iteration, at its start, and returns nothing above it", async ({ log }) => {
    const model = await log.write(sketches);
    const marks = [30, 50, 1_000];
    let asked = 0;
    const sequence = log.reader({ mark: async () => marks[asked++] ?? 0 }).readAll({ tenants: "all" });
    expect(asked).toBe(0);
    for (const [index, mark] of marks.entries()) {
      expect(await sequence.toArray()).toEqual(model.filter(({ position }) => position <= mark));
      expect(asked).toBe(index + 1);
    }
  });

  test("reads everything visible, and ends, where there is no mark", async ({ log }) => {
    const model = await log.write(sketches);
    expect(await positions(log, Number.MAX_SAFE_INTEGER, { tenants: "all" })).toEqual(model.map(({ position }) => position));
  });

  test("matches every event with an alternative that names nothing, and refuses a list without alternatives", async ({ log }) => {
    const model = await log.write(sketches);
    expect(await positions(log, 500, { filter: [{ types: ["unknown"] }, {}], tenants: "all" })).toHaveLength(model.length);
    expect(() => log.reader().readAll({ filter: [] })).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", path: "options.filter" }));
  });

  test("looks at a window of the log for each statement, and at larger ones while nothing matches", async ({ log, sql }) => {
    await log.write(sketches);
    await sql.query(
      `insert into ${log.schema}.events (position, stream_id, version, id, recorded_at, type, data)
       select place, (select min(id) from ${log.schema}.streams), place, gen_random_uuid(), now(), case place when 3000000 then 'Rare' else 'Common' end, '{}'
         from generate_series(10000, 3000000, 5000) as place`,
    );
    const queryable = observed(log.database);
    const found = await log
      .reader({ queryable, mark: 3_000_000 })
      .readAll({ filter: { types: ["Rare"] } })
      .toArray();
    expect(found.map(({ position }) => position)).toEqual([3_000_000]);
    // 10,000, four times as much with each that was quick, at most 1,000,000: seven, and more where the machine is busy. Each
    // that found nothing is followed by a look for the next event.
    expect(queryable.statements).toBeGreaterThanOrEqual(12);
    expect(queryable.statements).toBeLessThan(80);
  });

  test("ends after a page that came to the end, without another statement", async ({ log }) => {
    await log.write(sketches.slice(0, 5));
    const queryable = observed(log.database);
    const roomy = { ...tinyPages, firstRows: 100, maxRows: 100 };
    expect(await log.reader({ queryable, pages: roomy }).readAll().toArray()).toHaveLength(5);
    expect(queryable.statements).toBe(1);
  });
});

describe("a gap in the log, however wide,", () => {
  for (const direction of ["forward", "backward"] as const) {
    withStore(`is crossed in one step, ${direction}`, async ({ application, store, schema, sql }) => {
      await application.appendToStream("cart-1", [{ type: "Added", data: 1 }]);
      await sql.query("select setval($1::regclass, 4503599627370496)", [`"${schema.replaceAll('"', '""')}".events_position_seq`]);
      await application.appendToStream("cart-1", [{ type: "Added", data: 2 }]);
      for (const filter of [undefined, { types: ["Added"] }]) {
        const read = await store.readAll({ direction, ...(filter && { filter }) }).toArray();
        expect(read.map(({ data }) => data)).toEqual(direction === "forward" ? [1, 2] : [2, 1]);
      }
    });
  }
});
