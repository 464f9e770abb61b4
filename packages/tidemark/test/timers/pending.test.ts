import pg from "pg";
import { type EventStore, openEventStore } from "tidemark";
import { rowsReadIn } from "../support/rows-read.ts";
import { eventually, expect, reminded, test } from "./test.ts";

const pending = 20_000;
const timers = 50;

const fill = (at: string): string => `
insert into ${at}.timers (key, stream, event_id, type, data, due_at)
select 'pending-' || n, 'reminder-' || n % 100, gen_random_uuid(), 'Reminded', '{}', clock_timestamp() + interval '1 year' from generate_series(1, $1::integer) as n`;

async function useEach(store: EventStore, from: number, until: number): Promise<void> {
  for (let n = from; n < until; n++) {
    await store.schedule("reminder-1", reminded(n), { key: `replaced-${n}`, in: 3_600_000 });
    await store.schedule("reminder-1", reminded(n), { key: `replaced-${n}`, in: 0 });
    await store.schedule("reminder-1", reminded(n), { key: `cancelled-${n}`, in: 3_600_000 });
    await store.timers.cancel(`cancelled-${n}`);
  }
  await eventually(async () => expect(await store.readStream("reminder-1").toArray()).toHaveLength(until));
}

test("setting, replacing, cancelling and firing timers reads no more rows where many are pending, and neither does an idle worker", async ({
  databaseUrl,
  schema,
  sql,
}) => {
  async function readBeside(count: number): Promise<number> {
    const own = `${schema} ${count}`;
    const store = await openEventStore(databaseUrl, { schema: own, pool: { max: 2 } });
    try {
      const worker = store.createWorker({ timers: true });
      await worker.start();
      // Sessions keep the plans that they made while there were none.
      await useEach(store, 0, 10);
      await sql.query(fill(pg.escapeIdentifier(own)), [count]);
      await useEach(store, 10, timers);
      await worker.stop();
    } finally {
      await store.close();
    }
    return await rowsReadIn(sql, own);
  }
  const [alone, beside] = [await readBeside(0), await readBeside(pending)];
  expect(alone).toBeGreaterThan(timers);
  // One look at all of them would be twenty thousand.
  expect(beside - alone).toBeLessThan(pending / 2);
});
