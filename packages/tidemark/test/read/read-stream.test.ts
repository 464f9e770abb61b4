import fc from "fast-check";
import { defaultPageLimits } from "../../src/read/page-size.ts";
import type { ReadStreamOptions } from "../../src/read/options.ts";
import { describe, expect, type Model, type Sketch, test } from "./log.ts";

const streamId = `cart-42 "it's" {a,b} \\ %_ 🛒`;
const day = Date.UTC(2026, 0, 1);

/** A stream between others, its clock set back once. */
const sketches: readonly Sketch[] = Array.from({ length: 24 }, (_, index) => ({
  streamId: index % 3 === 1 ? "other-1" : streamId,
  type: `Type ${index % 2}`,
  data: { index, text: "é\n\u0007", none: null, nested: [{ n: 1.5 }] },
  ...(index % 4 === 0 ? { metadata: { correlationId: `c${index}` } } : {}),
  ...(index % 5 === 0 ? { tags: [`a,"b"`, "{x}\\"] } : {}),
  recordedAt: new Date(day + (index % 10) * 1_000),
  gap: index % 7 === 0 ? 3 : 0,
}));

function expected(model: Model, { fromVersion = 1, toVersion = Infinity, direction, limit = Infinity, asOf }: ReadStreamOptions): Model {
  const found = model.filter(
    (event) => event.streamId === streamId && event.version >= fromVersion && event.version <= toVersion && (!asOf || event.recordedAt <= asOf),
  );
  return (direction === "backward" ? found.toReversed() : found).slice(0, limit);
}

const anyOptions = fc.record(
  {
    fromVersion: fc.nat(20),
    toVersion: fc.nat(20),
    direction: fc.constantFrom("forward" as const, "backward" as const),
    limit: fc.nat(20),
    asOf: fc.integer({ min: -1, max: 11_000 }).map((ms) => new Date(day + ms)),
  },
  { requiredKeys: [] },
);

describe("readStream", () => {
  test("reads what a plain array would give, for any bounds, direction, limit and time, across pages of two and three events", async ({ log }) => {
    const model = await log.write(sketches);
    const reader = log.reader();
    await fc.assert(
      fc.asyncProperty(anyOptions, async (options) => {
        expect(await reader.readStream(streamId, options).toArray()).toEqual(expected(model, options));
      }),
      { numRuns: 150 },
    );
  });

  test("gives nothing for a stream that does not exist, or is another tenant's", async ({ log }) => {
    await log.write(sketches);
    expect(await log.reader().readStream("no-such").toArray()).toEqual([]);
    expect(await log.reader({ tenant: "acme" }).readStream(streamId).toArray()).toEqual([]);
  });

  test("accepts any Date as asOf", async ({ log }) => {
    const model = await log.write(sketches);
    const read = (ms: number): Promise<unknown> =>
      log
        .reader()
        .readStream(streamId, { asOf: new Date(ms) })
        .toArray();
    expect(await read(-8.64e15)).toEqual([]);
    expect(await read(8.64e15)).toEqual(expected(model, {}));
  });

  test("reads ten thousand events in order, forward and backward alike", async ({ log, sql }) => {
    await sql.query(`insert into ${log.schema}.streams (name) values ('long-1')`);
    await sql.query(
      `insert into ${log.schema}.events (position, stream_id, version, id, recorded_at, type, data)
       select n, (select id from ${log.schema}.streams), n, gen_random_uuid(), now(), 'Counted', to_jsonb(n) from generate_series(1, 10000) as n`,
    );
    const reader = log.reader({ pages: defaultPageLimits });
    const forward = await reader.readStream("long-1").toArray();
    const backward = await reader.readStream("long-1", { direction: "backward" }).toArray();
    expect(forward.map(({ version }) => version)).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
    expect(backward.toReversed()).toEqual(forward);
  });

  test("is the same whatever the session's time zone, date style and intervals are", async ({ log }) => {
    const model = await log.write(sketches);
    await log.database.transaction(async (session) => {
      await session.execute("set local timezone = 'Asia/Kathmandu'; set local datestyle = 'SQL, DMY'; set local extra_float_digits = 0");
      expect(await log.reader({ queryable: session }).readStream(streamId).toArray()).toEqual(expected(model, {}));
    });
  });

  test("throws where a position passes what JavaScript can carry, and does not round it", async ({ log, sql }) => {
    await log.write([{ streamId }]);
    await sql.query(
      `insert into ${log.schema}.events (position, stream_id, version, id, recorded_at, type, data)
       select 9007199254740993, id, 2, gen_random_uuid(), now(), 'Far', '{}' from ${log.schema}.streams`,
    );
    await expect(log.reader().readStream(streamId).toArray()).rejects.toMatchObject({
      code: "DATABASE",
      sqlState: "22003",
      message: expect.stringContaining("9007199254740993"),
    });
  });

  test("refuses a stream id or an option that is none, at the call", async ({ log }) => {
    expect(() => log.reader().readStream("")).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", path: "streamId" }));
    expect(() => log.reader().readStream("a", { limit: -1 })).toThrow(expect.objectContaining({ path: "options.limit" }));
  });
});
