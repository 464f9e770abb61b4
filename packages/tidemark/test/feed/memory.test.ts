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
    await live.next();
    const before = heldBytes();
    const name = pg.escapeIdentifier(schema);
    await sql.query(
      `insert into ${name}.events (position, stream_id, version, id, recorded_at, type, data)
       select nextval('${name}.events_position_seq'), 1, n + 1, gen_random_uuid(), now(), 'Large', to_jsonb(text)
         from (select string_agg(md5(n::text), '') as text from generate_series(1, 150) as n) as large, generate_series(1, 20000) as n`,
    );
    const late = store.subscribe()[Symbol.asyncIterator]();
    let most = 0;
    for (let n = 1; n <= 1_500; n++) {
      const [one, two] = await Promise.all([live.next(), late.next()]);
      expect(one.value?.position).toBe(n + 1);
      expect(two.value?.position).toBe(n);
      if (n % 100 === 0) most = Math.max(most, heldBytes());
    }
    expect(most - before).toBeLessThan(50 * 1024 * 1024);
    await Promise.all([live.return?.(), late.return?.()]);
  });
});
