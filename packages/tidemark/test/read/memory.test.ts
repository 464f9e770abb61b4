import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Queryable } from "../../src/database/database.ts";
import { defaultPageLimits } from "../../src/read/page-size.ts";
import { describe, expect, test } from "./log.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** Keeps how many rows each page had. */
function counted(queryable: Queryable, pages: number[]): Queryable {
  return {
    async query(statement, values, options) {
      const rows = await queryable.query(statement, values, options);
      pages.push(rows.length);
      return rows;
    },
    userQuery: (text, values) => queryable.userQuery(text, values),
  };
}

describe("memory", () => {
  test("does not grow while 200,000 events are read", async ({ log, sql }) => {
    await sql.query(`insert into ${log.schema}.streams (name) select 'cart-' || n from generate_series(0, 99) as n`);
    await sql.query(
      `insert into ${log.schema}.events (position, stream_id, version, id, recorded_at, type, data)
       select n, 1 + n % 100, n / 100, gen_random_uuid(), now(), 'Counted', jsonb_build_object('n', n, 'text', 'some text of a usual size') from generate_series(1, 200000) as n`,
    );
    const heaps: number[] = [];
    let read = 0;
    for await (const event of log.reader({ mark: 200_000, pages: defaultPageLimits }).readAll()) {
      expect(event.position).toBe(++read);
      if (read % 25_000 !== 0) continue;
      collectGarbage();
      heaps.push(process.memoryUsage().heapUsed);
    }
    expect(read).toBe(200_000);
    // All of them together take about 100 MB; two pages of them less than 10.
    expect(Math.max(...heaps) - Math.min(...heaps)).toBeLessThan(25_000_000);
  });

  test.for([{ filter: {} }, {}])("is bounded where small events are followed by large ones that compress well: %o", async (options, { log, sql }) => {
    await sql.query(`insert into ${log.schema}.streams (name) values ('mixed-1')`);
    await sql.query(
      `insert into ${log.schema}.events (position, stream_id, version, id, recorded_at, type, data)
       select n, (select id from ${log.schema}.streams), n, gen_random_uuid(), now(), 'Mixed', to_jsonb(repeat('x', case when n > 300 then 500000 else 1 end)) from generate_series(1, 400) as n`,
    );
    for (const direction of ["forward", "backward"] as const) {
      const pages: number[] = [];
      const reader = log.reader({ queryable: counted(log.database, pages), mark: 400, pages: defaultPageLimits });
      const sizes: number[] = [];
      for await (const { data } of reader.readAll({ ...options, direction })) sizes.push(String(data).length);
      expect(sizes.filter((size) => size === 500_000)).toHaveLength(100);
      expect(sizes).toHaveLength(400);
      // At most 32 large events where pages were to be large; then as many as fit into 4 MiB if they are like the last page's.
      expect(pages.slice(0, 4)).toEqual(direction === "forward" ? [128, 172 + 32, 53, 8] : [128, 10, 262]);
    }
  });
});
