import { rowsReadBeside } from "../support/kept-plans.ts";
import { eventually, expect, reminded, test } from "./test.ts";

const pending = 20_000;

const fill = (at: string): string => `
insert into ${at}.timers (key, stream, event_id, type, data, due_at)
select 'pending-' || n, 'reminder-' || n % 100, gen_random_uuid(), 'Reminded', '{}', clock_timestamp() + interval '1 year' from generate_series(1, $1::integer) as n`;

test("setting, replacing, cancelling, failing and firing timers reads no more rows where many are pending, and neither does an idle worker", async ({
  databaseUrl,
  schema,
  sql,
}) => {
  const readBeside = (count: number): Promise<number> =>
    rowsReadBeside(count, {
      databaseUrl,
      schema: `${schema} ${count}`,
      sql,
      tables: ["timers"],
      fill,
      async start(store) {
        const worker = store.createWorker({ timers: true, onError: () => undefined });
        await worker.start();
        const id = crypto.randomUUID();
        await store.appendToStream("taken", [{ ...reminded(), id }]);
        return {
          async use(from, until) {
            for (let n = from; n < until; n++) {
              await store.schedule("reminder-1", reminded(n), { key: `replaced-${n}`, in: 3_600_000 });
              await store.schedule("reminder-1", reminded(n), { key: `replaced-${n}`, in: 0 });
              await store.schedule("reminder-1", reminded(n), { key: `cancelled-${n}`, in: 3_600_000 });
              await store.timers.cancel(`cancelled-${n}`);
            }
            // Its id is another event's.
            await store.schedule("reminder-2", { ...reminded(), id }, { key: "fails", in: 0 });
            await eventually(async () => {
              expect(await store.readStream("reminder-1").toArray()).toHaveLength(until);
              const listed = await store.timers.list({ limit: 1 });
              expect(listed).toMatchObject([{ key: "fails", attempts: 1 }]);
            });
          },
          stop: () => worker.stop(),
        };
      },
    });
  const [alone, beside] = [await readBeside(0), await readBeside(pending)];
  expect(alone).toBeGreaterThan(60);
  // One look at all of them would be twenty thousand.
  expect(beside - alone).toBeLessThan(pending / 2);
});
