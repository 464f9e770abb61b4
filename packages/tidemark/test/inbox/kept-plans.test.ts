import { rowsReadBeside } from "../support/kept-plans.ts";
import { expect, test } from "../support/test.ts";

const received = 20_000;

const fill = (at: string): string => `
insert into ${at}.inbox (message_id, forget_at)
select 'earlier-' || n, clock_timestamp() + interval '1 year' from generate_series(1, $1::integer) as n`;

test("receiving messages, new ones and those that come again, reads no more rows where many are remembered", async ({ databaseUrl, schema, sql }) => {
  const readBeside = (count: number): Promise<number> =>
    rowsReadBeside(count, {
      databaseUrl,
      schema: `${schema} ${count}`,
      sql,
      tables: ["inbox"],
      fill,
      start: async (store) => ({
        async use(from, until) {
          for (let n = from; n < until; n++)
            for (const handled of [true, false]) expect(await store.receive(`m-${n}`, async () => undefined)).toMatchObject({ handled });
        },
        stop: async () => undefined,
      }),
    });
  const [alone, beside] = [await readBeside(0), await readBeside(received)];
  expect(alone).toBeGreaterThan(60);
  // One look at all of them would be twenty thousand.
  expect(beside - alone).toBeLessThan(received / 2);
});
