import fc from "fast-check";
import type { ExpectedVersion } from "../../src/model/event.ts";
import { isTidemarkError } from "../../src/errors/errors.ts";
import type { AppendResult } from "../../src/append/types.ts";
import { added, describe, expect, test, times } from "./test.ts";

interface Part {
  readonly streamId: string;
  readonly events: number;
  readonly expected: ExpectedVersion | "as-it-is";
}

interface Call {
  readonly tenant: string;
  readonly parts: readonly Part[];
}

const expected = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("any" as const, "as-it-is" as const) },
  { weight: 1, arbitrary: fc.constantFrom("no-stream" as const, "stream-exists" as const, { unchangedSince: 0 }) },
  { weight: 1, arbitrary: fc.nat(4) },
);
const part = fc.record({ streamId: fc.constantFrom("a", "b", "ünï-\u{10000}", "ünï-\uFFFD"), events: fc.nat(3), expected });
const call: fc.Arbitrary<Call> = fc.record({
  tenant: fc.constantFrom("", "acme"),
  parts: fc.uniqueArray(part, { minLength: 1, maxLength: 3, selector: ({ streamId }) => streamId }),
});

/** Streams as one process would keep them, one append after the other. */
class Model {
  readonly versions = new Map<string, number>();

  version(tenant: string, streamId: string): number {
    return this.versions.get(`${tenant}/${streamId}`) ?? 0;
  }

  /** What the append returns: versions, or the conflicts in the order of its parts. */
  append({ tenant, parts }: Call): unknown {
    const at = parts.map(({ streamId }) => this.version(tenant, streamId));
    const conflicts = parts.flatMap(({ streamId, expected }, index) => (passes(expected, at[index] ?? 0) ? [] : [{ streamId, actual: at[index] }]));
    if (conflicts.length > 0) return { conflicts };
    return parts.map(({ streamId, events }, index) => {
      const version = (at[index] ?? 0) + events;
      this.versions.set(`${tenant}/${streamId}`, version);
      return { streamId, version, created: events > 0 && at[index] === 0 };
    });
  }
}

function passes(expected: Part["expected"], version: number): boolean {
  if (expected === "any" || expected === "as-it-is") return true;
  if (expected === "stream-exists") return version > 0;
  return version === (typeof expected === "number" ? expected : 0);
}

/** Fixes what "as-it-is" means: the version the stream will be at when it is this call's turn. */
function decided(calls: readonly Call[]): Call[] {
  const model = new Model();
  return calls.map((each) => {
    const parts = each.parts.map((one) => (one.expected === "as-it-is" ? { ...one, expected: model.version(each.tenant, one.streamId) } : one));
    model.append({ ...each, parts });
    return { ...each, parts };
  });
}

/** A result or an error of the store's, as the model tells it. */
async function told(call: Promise<readonly AppendResult[]>): Promise<unknown> {
  try {
    return (await call).map(({ streamId, version, created }) => ({ streamId, version, created }));
  } catch (error) {
    if (!isTidemarkError(error, "VERSION_CONFLICT")) throw error;
    return { conflicts: error.conflicts.map(({ streamId, actual }) => ({ streamId, actual })) };
  }
}

describe("appends, whatever they expect and touch", () => {
  test.for(["one by one", "in one burst"] as const)("made %s, have the verdicts and versions of a model", async (way, { store, log, sql, q }) => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 20 }), async (given) => {
        const here = `${way}-${run++}`;
        const calls = decided(given);
        const append = ({ tenant, parts }: Call) =>
          told(
            store.forTenant(`${here}${tenant}`).appendToStreams(
              parts.map(({ streamId, events, expected }) => ({
                streamId,
                events: times(events, added),
                expectedVersion: expected === "as-it-is" ? "any" : expected,
              })),
            ),
          );
        const results: unknown[] = [];
        if (way === "in one burst") results.push(...(await Promise.all(calls.map(append))));
        else for (const each of calls) results.push(await append(each));
        const model = new Model();
        expect(results).toEqual(calls.map((each) => model.append(each)));
      }),
      { numRuns: 60 },
    );
    // In each stream versions are 1, 2, 3 … in the order of the log.
    const { rows } = await sql.query(
      `select 1 from (select version, row_number() over (partition by stream_id order by position) as place from ${q}.events) as e where version <> place`,
    );
    expect(rows).toEqual([]);
    expect((await log()).length).toBeGreaterThan(100);
  });
});
