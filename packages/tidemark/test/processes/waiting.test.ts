import pg from "pg";
import { append, complete, defineProcess, type Event, type EventStore, openEventStore, timer } from "tidemark";
import { rowsReadIn } from "../support/rows-read.ts";
import { expect, test } from "../support/test.ts";

const waiting = 10_000;
const orders = 100;

/** Instances that have taken one input, and wait for a timer that is due next year; with the commands that their inputs led to. */
const fill = (at: string): string => `
with made as (
  insert into ${at}.process_instances (process, version, instance, hash, state, state_version, handled, inputs)
  select 'ordering', 1, 'waiting-' || n, n, '{"seen": 1}', 1, 1, 1 from generate_series(1, $1::integer) as n
  returning id, hash
), inputs as (
  insert into ${at}.process_inputs (instance_id, number, position) select id, 1, 1 from made
), commands as (
  insert into ${at}.process_commands (tenant, process, version, instance_id, hash, input, path, kind, stream, payload, status, settled_at)
  select '', 'ordering', 1, id, hash, 1, '{0}', 'append', 'notes', '{}', 'done', clock_timestamp() from made
)
insert into ${at}.timers (owner, key, stream, event_id, type, data, due_at)
select id, 'payment', 'ordering:waiting-' || hash, gen_random_uuid(), 'PaymentTimedOut', '{}', clock_timestamp() + interval '1 year' from made`;

async function takeOrders(store: EventStore, from: number, until: number): Promise<void> {
  for (let n = from; n < until; n++) {
    await store.appendToStream(`order-${n}`, [{ type: "OrderPlaced", data: {} }]);
    await store.appendToStream(`order-${n}`, [{ type: "OrderPaid", data: {} }]);
  }
}

test("ten thousand instances that wait cost nothing: no more rows are read for the inputs of others", async ({ databaseUrl, schema, sql }) => {
  /** How many rows of processes and timers are read while some orders are handled beside so many that wait. */
  async function readBeside(count: number): Promise<number> {
    const own = `${schema} ${count}`;
    const ordering = defineProcess<{ readonly seen: number }, Event>({
      name: "ordering",
      handles: ["OrderPlaced", "OrderPaid", "PaymentTimedOut"],
      instanceId: ({ streamId }) => streamId,
      initialState: () => ({ seen: 0 }),
      evolve: ({ seen }) => ({ seen: seen + 1 }),
      react: ({ streamId, type }) =>
        type === "OrderPlaced"
          ? [append(`notes-${streamId}`, [{ type: "Noted", data: {} }]), timer("payment", { in: 3_600_000 }, { type: "PaymentTimedOut", data: {} })]
          : [complete()],
    });
    // Sessions keep their plans from the first time on, and not only from the sixth: how often one of them calls what, is chance.
    const url = new URL(databaseUrl);
    url.searchParams.set("options", "-c plan_cache_mode=force_generic_plan");
    const store = await openEventStore(url.href, { schema: own, pool: { max: 3 } });
    try {
      const worker = store.createWorker({ processes: [ordering] });
      await worker.start();
      // Sessions keep the plans that they made while there were few, and the server knew it.
      await takeOrders(store, 0, 10);
      await worker.caughtUp();
      await sql.query("analyze");
      await takeOrders(store, 10, 20);
      await worker.caughtUp();
      await sql.query(fill(pg.escapeIdentifier(own)), [count]);
      await takeOrders(store, 20, orders);
      await worker.caughtUp();
      await worker.stop();
    } finally {
      await store.close();
    }
    return await rowsReadIn(sql, own);
  }
  const [alone, beside] = [await readBeside(0), await readBeside(waiting)];
  expect(alone).toBeGreaterThan(orders);
  // One look at all of them would be ten thousand.
  expect(beside - alone).toBeLessThan(waiting / 2);
});
