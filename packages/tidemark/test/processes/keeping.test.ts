import pg from "pg";
import { append, command, complete, type Process } from "tidemark";
import { ordering, payment, placed } from "./order.ts";
import { describe, eventually, expect, test as base } from "./test.ts";

const hour = 3_600_000;

const test = base
  .extend("at", ({ schema }) => pg.escapeIdentifier(schema))
  /** Instances that have ended did so two hours before. */
  .extend("twoHoursPass", ({ sql, at }) => async (): Promise<void> => {
    await sql.query(`update ${at}.process_instances set ended_at = ended_at - interval '2 hours'`);
  })
  /** A worker comes, looks, and goes: what it looks for is done when it has stopped. */
  .extend("visit", ({ sql, at, start }) => async (process: Process): Promise<void> => {
    const { worker } = await start(process);
    await eventually(async () => expect((await sql.query(`select from ${at}.consumer_leases where state = 'live'`)).rowCount).toBe(1));
    await worker.stop();
  });

/** Order 1 completes, and order 2 does not. */
function ending(more: Parameters<typeof ordering>[1] = {}): Process {
  return ordering(
    ({ streamId }) => [
      append(`notes-${streamId}`, [{ type: "Noted", data: {} }]),
      command(payment, `payment-${streamId}`, { amount: 1 }),
      ...(streamId === "order-1" ? [complete()] : []),
    ],
    { keepEndedMs: hour, ...more },
  );
}

describe("keepEndedMs", () => {
  test("forgets instances that ended before, with inputs and commands, and no others", async ({ store, start, sql, at, twoHoursPass, visit }) => {
    await store.appendToStream("order-1", [placed()]);
    await store.appendToStream("order-2", [placed()]);
    const first = await start(ending());
    await first.worker.caughtUp();
    await first.worker.stop();
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ status: "completed", endedAt: expect.any(Date) });
    // Within the hour it stays.
    await visit(ending());
    expect(await store.processes.list()).toHaveLength(2);
    await twoHoursPass();
    const { worker, errors } = await start(ending());
    await worker.caughtUp();
    await eventually(async () => expect((await store.processes.list()).map(({ id }) => id)).toEqual(["order-2"]));
    expect((await sql.query(`select from ${at}.process_inputs`)).rowCount).toBe(1);
    expect((await sql.query(`select from ${at}.process_commands`)).rowCount).toBe(2);
    expect(errors).toEqual([]);
  });

  test("lets an instance begin anew that is forgotten: what that leads to is written, too", async ({ store, start, twoHoursPass }) => {
    await store.appendToStream("order-1", [placed()]);
    const first = await start(ending());
    await first.worker.caughtUp();
    await first.worker.stop();
    await twoHoursPass();
    const { worker } = await start(ending());
    await eventually(async () => expect(await store.processes.list()).toEqual([]));
    await store.appendToStream("order-1", [placed()]);
    await worker.caughtUp();
    // The same instance, the same number of the input, the same place: only the input is another.
    expect(await store.readStream("notes-order-1").toArray()).toHaveLength(2);
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({
      status: "completed",
      inputCount: 1,
      commands: [{ status: "done" }, { status: "refused" }],
    });
  });

  test("forgets nothing that has commands to issue, or that inputs of before may still come for", async ({ store, start, sql, at, twoHoursPass, visit }) => {
    const away: Process = ending({ retry: { attempts: 1 }, retryable: () => true });
    await store.appendToStream("payment-order-1", [{ type: "PaymentRequested", data: { amount: 1 } }]);
    await store.appendToStream("order-1", [placed()]);
    const first = await start(away);
    await eventually(() => expect(first.errors).toHaveLength(1));
    await first.worker.stop();
    await twoHoursPass();
    await visit(away);
    expect(await store.processes.list()).toMatchObject([{ id: "order-1", status: "parked" }]);

    await store.processes.cancel("ordering", "order-1");
    // Another shard has not come as far.
    await sql.query(`insert into ${at}.consumer_shards (tenant, consumer, shard, position, fence) select tenant, consumer, 1, 0, 0 from ${at}.consumer_shards`);
    await visit(away);
    expect(await store.processes.list()).toHaveLength(1);
    await sql.query(`delete from ${at}.consumer_shards where shard = 1`);
    await visit(away);
    expect(await store.processes.list()).toEqual([]);
  });
});
