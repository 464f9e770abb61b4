import pg from "pg";
import type { EventStore } from "tidemark";
import { rowsReadBeside } from "../support/kept-plans.ts";
import { eventually, expect, reminded, test } from "./test.ts";

const pending = 20_000;

/**
 * Moves one timer a thousand times in one transaction, and removes it. The index by due time has several pages then, and that of keys, whose entries are
 * alike, has one: beside few timers, a plan that takes all of them by the key and sorts them seems the cheaper one.
 */
const widenDueIndex = (at: string): string => `
do $$ begin
  insert into ${at}.timers (key, stream, event_id, type, data, due_at) values ('moved', 'reminder-1', gen_random_uuid(), 'Reminded', '{}', 'infinity');
  for n in 1 .. 1000 loop
    update ${at}.timers set due_at = clock_timestamp() + n * interval '1 day' where key = 'moved';
  end loop;
  delete from ${at}.timers where key = 'moved';
end $$`;

const fill = (at: string): string => `
insert into ${at}.timers (key, stream, event_id, type, data, due_at)
select 'pending-' || n, 'reminder-' || n % 100, gen_random_uuid(), 'Reminded', '{}', clock_timestamp() + interval '1 year' from generate_series(1, $1::integer) as n`;

/** Sets, replaces, cancels and fires timers, one of which fails each time, and waits until all that are due have fired. */
const use = async (store: EventStore, from: number, until: number, failing: string): Promise<void> => {
  for (let n = from; n < until; n++) {
    await store.schedule("reminder-1", reminded(n), { key: `replaced-${n}`, in: 3_600_000 });
    await store.schedule("reminder-1", reminded(n), { key: `replaced-${n}`, in: 0 });
    await store.schedule("reminder-1", reminded(n), { key: `cancelled-${n}`, in: 3_600_000 });
    await store.timers.cancel(`cancelled-${n}`);
  }
  // Its id is another event's.
  await store.schedule("reminder-2", { ...reminded(), id: failing }, { key: "fails", in: 0 });
  await eventually(async () => {
    expect(await store.readStream("reminder-1").toArray()).toHaveLength(until);
  });
};

interface Beside extends Pick<Parameters<typeof rowsReadBeside>[1], "databaseUrl" | "schema" | "sql"> {
  /** Before the worker starts. */
  readonly prepare?: (at: string) => Promise<unknown>;
  /** At the end of each use. */
  readonly look?: (store: EventStore) => Promise<void>;
}

/** How many rows of timers are read by a store that uses some, and a worker, alone and beside so many that are pending. */
async function rowsRead({ databaseUrl, schema, sql, prepare, look }: Beside): Promise<readonly [alone: number, beside: number]> {
  const readBeside = (count: number): Promise<number> => {
    const own = `${schema} ${count}`;
    return rowsReadBeside(count, {
      databaseUrl,
      schema: own,
      sql,
      tables: ["timers"],
      fill,
      async start(store) {
        await prepare?.(pg.escapeIdentifier(own));
        const worker = store.createWorker({ timers: true, onError: () => undefined });
        await worker.start();
        const id = crypto.randomUUID();
        await store.appendToStream("taken", [{ ...reminded(), id }]);
        return {
          async use(from, until) {
            await use(store, from, until, id);
            await look?.(store);
          },
          stop: () => worker.stop(),
        };
      },
    });
  };
  return [await readBeside(0), await readBeside(pending)];
}

test("setting, replacing, cancelling, failing and firing timers reads no more rows where many are pending, and neither does an idle worker", async ({
  databaseUrl,
  schema,
  sql,
}) => {
  const look = (store: EventStore): Promise<void> =>
    eventually(async () => {
      const listed = await store.timers.list({ limit: 1 });
      expect(listed).toMatchObject([{ key: "fails", attempts: 1 }]);
    });
  const [alone, beside] = await rowsRead({ databaseUrl, schema, sql, look });
  expect(alone).toBeGreaterThan(60);
  // One look at all of them would be twenty thousand.
  expect(beside - alone).toBeLessThan(pending / 2);
});

test("due timers are found by their due time, also where a plan was made that takes them by their keys", async ({ databaseUrl, schema, sql }) => {
  const [alone, beside] = await rowsRead({ databaseUrl, schema, sql, prepare: (at) => sql.query(widenDueIndex(at)) });
  expect(alone).toBeGreaterThan(60);
  expect(beside - alone).toBeLessThan(pending / 2);
});
