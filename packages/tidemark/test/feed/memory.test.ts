import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import pg from "pg";
import { append } from "./open.ts";
import { describe, expect, test } from "./test.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe("memory", () => {
  test("of a subscription that 100 MB behind takes its time is bounded, whether it fell behind live or starts there", async ({ store, sql, schema }) => {
    await append(store, "a");
    const live = store.subscribe()[Symbol.asyncIterator]();
    const quick = store.subscribe().batches(500)[Symbol.asyncIterator]();
    await Promise.all([live.next(), quick.next()]);
    // Both wait in the tail from here on.
    const waiting = [live.next(), quick.next()];
    await append(store, "a");
    await Promise.all(waiting);
    const before = heldBytes();
    const name = pg.escapeIdentifier(schema);
    await sql.query(
      `insert into ${name}.events (position, stream_id, version, id, recorded_at, type, data)
       select nextval('${name}.events_position_seq'), 1, n + 2, gen_random_uuid(), now(), 'Large', to_jsonb(text)
         from (select string_agg(md5(n::text), '') as text from generate_series(1, 150) as n) as large, generate_series(1, 20000) as n`,
    );
    for (let last = 2; last < 20_002;) last = (await quick.next()).value?.at(-1)?.position ?? last;
    // It is in the tail again, which has therefore been read to its end.
    const next = quick.next();
    const position = await append(store, "a");
    expect((await next).value?.map((event: { readonly position: number }) => event.position)).toEqual([position]);
    const late = store.subscribe()[Symbol.asyncIterator]();
    await late.next();
    const seen: number[] = [];
    for (let n = 0; n < 1_000; n++) {
      const both = await Promise.all([live.next(), late.next()]);
      seen.push(...both.map(({ value }) => value?.position ?? 0));
    }
    expect(heldBytes() - before).toBeLessThan(50 * 1024 * 1024);
    expect(seen).toEqual(Array.from({ length: 1_000 }, (_, n) => [n + 3, n + 2]).flat());
    await quick.return?.();
    await Promise.all([live.return?.(), late.return?.()]);
  });
});
