import pg from "pg";
import { append, command, type Decider, type Event } from "tidemark";
import { commandStatements } from "../../src/processes/command-statements.ts";
import { untilWaiting } from "../store/test.ts";
import { ordering, placed } from "./order.ts";
import { expect, test } from "./test.ts";

test("a command that a worker postpones behind a parked one, while that is retried, is issued after it", async ({ store, start, sql, schema }) => {
  let broken = true;
  const booking: Decider<null, string, Event> = {
    name: "booking",
    initialState: () => null,
    evolve: () => null,
    decide() {
      if (broken) throw Object.assign(new Error("the outside is away"), { retryable: true });
      return [{ type: "Booked", data: {} }];
    },
  };
  const process = ordering(() => [command(booking, "booking-1", ""), append("notes-1", [{ type: "Noted", data: {} }])], { retry: { attempts: 1 } });
  await store.appendToStream("order-1", [placed()]);
  const first = await start(process);
  await first.worker.caughtUp();
  await first.worker.stop();
  const statusOf = async (): Promise<readonly string[]> => (await store.processes.get("ordering", "order-1")).commands.map(({ status }) => status);
  expect(await statusOf()).toEqual(["parked", "pending"]);

  // As a worker finds it: due, behind one that is parked.
  const at = pg.escapeIdentifier(schema);
  const behind = `from ${at}.process_commands where kind = 'append'`;
  await sql.query(`update ${at}.process_commands set due_at = clock_timestamp() where kind = 'append'`);
  const { rows } = await sql.query<{ instance_id: string }>(`select instance_id ${behind}`);
  const holder = await sql.connect();
  const retry = await (async () => {
    try {
      await holder.query("begin");
      await holder.query(`select ${behind} for update`);
      const retried = store.processes.retry("ordering", "order-1");
      await untilWaiting(sql, 1);
      const postponed = sql.query(commandStatements(schema).postpone.text, [[rows[0]?.instance_id]]);
      await untilWaiting(sql, 2);
      return { retried, postponed };
    } finally {
      await holder.query("rollback");
      holder.release();
    }
  })();
  await Promise.all([retry.retried, retry.postponed]);

  broken = false;
  const second = await start(process);
  await second.worker.caughtUp();
  expect(await statusOf()).toEqual(["done", "done"]);
});
