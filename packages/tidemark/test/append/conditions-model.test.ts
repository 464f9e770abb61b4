import fc from "fast-check";
import type { BoundaryQuery } from "tidemark";
import { added, describe, expect, rejection, test, times } from "./test.ts";

interface Call {
  readonly type: string;
  readonly tags: readonly string[];
  readonly stream: string;
  readonly query: BoundaryQuery | undefined;
}

const names = fc.constantFrom("x", "y", "z");
const item = fc.record(
  { types: fc.uniqueArray(fc.constantFrom("A", "B"), { minLength: 1 }), tags: fc.uniqueArray(names, { minLength: 1, maxLength: 2 }) },
  { requiredKeys: [] },
);
const call: fc.Arbitrary<Call> = fc.record({
  type: fc.constantFrom("A", "B", "C"),
  tags: fc.uniqueArray(names, { maxLength: 2 }),
  stream: fc.constantFrom("s1", "s2", "s3"),
  query: fc.option(fc.array(item, { minLength: 1, maxLength: 2 }), { nil: undefined }),
});

function matches({ type, tags }: Call, query: BoundaryQuery): boolean {
  return query.some((each) => (each.types?.includes(type) ?? true) && (each.tags?.every((tag) => tags.includes(tag)) ?? true));
}

/** What each call comes to, one after the other: the number of the one that it fails on, or that it is written. */
function model(calls: readonly Call[]): (number | "written")[] {
  const log: number[] = [];
  return calls.map(({ query }, n) => {
    const first = query && log.find((earlier) => matches(calls[earlier] ?? { type: "", tags: [], stream: "", query: undefined }, query));
    if (first === undefined) log.push(n);
    return first ?? "written";
  });
}

describe("appends with and without conditions, whatever they ask and write", () => {
  test.for(["one by one", "in one burst"] as const)("made %s, have the verdicts of a model", async (way, { store }) => {
    let run = 0;
    let failed = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 16 }), async (calls) => {
        const tenant = store.forTenant(`${way} ${run++}`);
        const append = async ({ type, tags, stream, query }: Call, n: number): Promise<unknown> => {
          try {
            await tenant.append([{ type, data: { n }, tags }], { streamId: stream, ...(query && { condition: { query } }) });
            return "written";
          } catch (error) {
            if (!(error instanceof Error) || !("position" in error)) throw error;
            return error.position;
          }
        };
        const outcomes: unknown[] = [];
        if (way === "in one burst") outcomes.push(...(await Promise.all(calls.map(append))));
        else for (const [n, each] of calls.entries()) outcomes.push(await append(each, n));
        const numbers = new Map((await tenant.readAll<{ type: string; data: { n: number } }>().toArray()).map(({ position, data }) => [position, data.n]));
        const told = outcomes.map((outcome) => (typeof outcome === "number" ? numbers.get(outcome) : outcome));
        // In a burst those that share nothing may change places, so that another match can be the first.
        const expected = model(calls);
        if (way === "one by one") expect(told).toEqual(expected);
        else expect(told.map((each) => each === "written")).toEqual(expected.map((each) => each === "written"));
        failed += expected.filter((each) => each !== "written").length;
      }),
      { numRuns: 60 },
    );
    expect(failed).toBeGreaterThan(30);
  });
});

describe("a batch that PostgreSQL refuses for one of its appends", () => {
  test("keeps the conditions of the others, each with its own verdict", async ({ store, sql, q }) => {
    await sql.query(`alter table ${q}.events add constraint quantity_check check ((data ->> 'n')::int >= 0)`);
    await store.append([{ ...added(1), tags: ["seat:3"] }]);
    const outcomes = await Promise.allSettled(
      times(8, (n) => {
        const tags = [`seat:${n}`];
        return store.append([{ ...added(n === 5 ? -1 : n), tags }], { streamId: `cart-${n}`, condition: { query: [{ types: ["ItemAdded"], tags }] } });
      }),
    );
    expect(outcomes.map((outcome) => (outcome.status === "rejected" ? outcome.reason.code : "written"))).toEqual(
      times(8, (n) => (n === 3 ? "CONDITION_FAILED" : n === 5 ? "DATABASE" : "written")),
    );
    expect(await rejection(store.append([{ ...added(1), tags: ["seat:7"] }], { condition: { query: [{ tags: ["seat:7"] }] } }))).toMatchObject({
      code: "CONDITION_FAILED",
      streamId: "cart-7",
    });
  });
});
