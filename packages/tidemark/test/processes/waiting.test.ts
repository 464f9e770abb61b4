import { append, complete, defineProcess, type Event, type EventStore, timer } from "tidemark";
import { rowsReadBeside } from "../support/kept-plans.ts";
import { expect, test } from "../support/test.ts";

const waiting = 10_000;

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
  const readBeside = (count: number): Promise<number> =>
    rowsReadBeside(count, {
      databaseUrl,
      schema: `${schema} ${count}`,
      sql,
      tables: ["process_instances", "process_inputs", "process_commands", "timers"],
      fill,
      async start(store) {
        const worker = store.createWorker({ processes: [ordering] });
        await worker.start();
        return {
          async use(from, until) {
            await takeOrders(store, from, until);
            await worker.caughtUp();
          },
          stop: () => worker.stop(),
        };
      },
    });
  const [alone, beside] = [await readBeside(0), await readBeside(waiting)];
  expect(alone).toBeGreaterThan(100);
  // One look at all of them would be ten thousand.
  expect(beside - alone).toBeLessThan(waiting / 2);
});
