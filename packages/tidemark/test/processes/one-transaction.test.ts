import pg from "pg";
import { append, command, complete, timer } from "tidemark";
import { ordering, payment, placed } from "./order.ts";
import { eventually, expect, test as base } from "./test.ts";

const received = { type: "PaymentReceived", data: { amount: 1 } } as const;

const test = base
  .extend("at", ({ schema }) => pg.escapeIdentifier(schema))
  /** Has every move of a checkpoint fail, as the last thing that a transaction of inputs does. `tries`: how many did. */
  .extend("refuse", ({ sql, at }) => async (): Promise<{ readonly tries: () => Promise<number>; readonly end: () => Promise<void> }> => {
    await sql.query(`
      create schema refusing;
      create sequence refusing.tries;
      create function refusing.refuse() returns trigger language plpgsql as
        $$ begin perform pg_catalog.nextval('refusing.tries'); raise exception 'no checkpoint'; end $$;
      create trigger refuse before update of position on ${at}.consumer_shards for each row execute function refusing.refuse()`);
    return {
      tries: async () => {
        const { rows } = await sql.query<{ tries: number }>("select case when is_called then last_value else 0 end::integer as tries from refusing.tries");
        return rows[0]?.tries ?? 0;
      },
      end: async () => void (await sql.query("drop schema refusing cascade")),
    };
  });

test("what an input leads to is written with the checkpoint, or not at all: the state, commands, timers and the end", async ({
  store,
  sql,
  at,
  start,
  refuse,
}) => {
  const process = ordering(({ type, streamId }) =>
    type === "OrderPlaced"
      ? [
          command(payment, `payment-${streamId}`, { amount: 1 }),
          append(`notes-${streamId}`, [{ type: "Noted", data: {} }]),
          timer("payment", { in: 3_600_000 }, { type: "PaymentTimedOut", data: {} }),
        ]
      : [append(`notes-${streamId}`, [{ type: "Ended", data: {} }]), complete()],
  );
  /** All that a process keeps, and what was issued. */
  const kept = async (): Promise<unknown> => {
    const { rows: instances } = await sql.query(`select instance, status, inputs, handled, state from ${at}.process_instances order by id`);
    const { rows: commands } = await sql.query(`select stream, status from ${at}.process_commands order by id`);
    const { rows: timers } = await sql.query(`select key, stream from ${at}.timers order by owner`);
    const { rows: places } = await sql.query(`select position from ${at}.consumer_shards`);
    const written = await store.readAll({ filter: { types: ["PaymentRequested", "Noted", "Ended"] } }).toArray();
    return { instances, commands, timers, places, written: written.map(({ type, streamId }) => `${type} ${streamId}`) };
  };
  await store.appendToStream("order-1", [placed()]);
  const first = await start(process);
  await first.worker.caughtUp();
  await first.worker.stop();
  const before = await kept();

  const refused = await refuse();
  // One that ends an instance, and one that begins another.
  await store.appendToStream("order-1", [received]);
  await store.appendToStream("order-2", [placed()]);
  const second = await start(process);
  await eventually(async () => expect(await refused.tries()).toBeGreaterThan(1));
  await second.worker.stop();
  expect(await kept()).toEqual(before);

  await refused.end();
  const { worker } = await start(process);
  await worker.caughtUp();
  expect(await kept()).toMatchObject({
    instances: [
      { instance: "order-1", status: "completed", inputs: 2, handled: 2, state: { seen: ["OrderPlaced", "PaymentReceived"] } },
      { instance: "order-2", status: "running", inputs: 1, handled: 1, state: { seen: ["OrderPlaced"] } },
    ],
    commands: Array.from({ length: 5 }, () => ({ status: "done" })),
    timers: [{ key: "payment", stream: "ordering:order-2" }],
  });
  expect(await store.readAll({ filter: { types: ["PaymentRequested", "Noted", "Ended"] } }).toArray()).toHaveLength(5);
});
