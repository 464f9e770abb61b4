import pg from "pg";
import { append, command, defineProcess, type Event, type Process, type TidemarkError } from "tidemark";
import { isRecord } from "../../src/arguments/options.ts";
import { partitionOf } from "../../src/runtime/partition.ts";
import { payment, type PaymentCommand } from "./order.ts";
import { describe, eventually, expect, test as base } from "./test.ts";

type Step = Event<"Stepped", { readonly order: string; readonly step: number }>;

const test = base.extend("shards", ({ sql, schema }) => async (): Promise<readonly { readonly owner: string | null; readonly state: string }[]> => {
  const at = pg.escapeIdentifier(schema);
  const { rows } = await sql.query(`select l.owner, l.state from ${at}.consumer_shards as s join ${at}.consumer_leases as l on l.id = s.id order by s.shard`);
  return rows;
});

/** A process whose instances get their inputs from several streams. */
function stepping(shards: number, more: Partial<Parameters<typeof defineProcess<readonly number[], Step>>[0]> = {}): Process {
  return defineProcess<readonly number[], Step>({
    name: "stepping",
    handles: ["Stepped"],
    instanceId: ({ data }) => data.order,
    initialState: () => [],
    evolve: (steps, { data }) => [...steps, data.step],
    react: ({ data }, steps) => [
      append(`trail-${data.order}`, [{ type: "Trod", data: { step: data.step } }]),
      ...(steps.length === 1 ? [command(payment, `payment-${data.order}`, { amount: 1 })] : []),
    ],
    shards,
    batchSize: 7,
    ...more,
  });
}

const orders = Array.from({ length: 12 }, (_, n) => `order-${n}`);

/**
 * A change of shards ends what the owners of before have in flight, and tells them; so does a lease that runs out on a busy machine, whose next
 * owner ends the session of the one before.
 */
const unexpected = (errors: readonly TidemarkError[]): readonly string[] =>
  errors.filter(({ code, cause }) => code !== "FENCED" && !(isRecord(cause) && cause["code"] === "57P01")).map(String);

/** The next step of each order, each time in another stream. */
function steps(step: number): { readonly streamId: string; readonly events: readonly Step[] }[] {
  return orders.map((order) => ({ streamId: `${order}/${step % 3}`, events: [{ type: "Stepped", data: { order, step } }] }));
}

describe("a process with several shards", () => {
  test("has each instance in one of them, in order, whatever streams its inputs come from and however shards move", async ({
    store,
    openStore,
    start,
    shards,
  }) => {
    const other = await openStore();
    let taken = 0;
    const write = async (): Promise<void> => {
      for (const until = taken + 15; taken < until; taken++) await store.appendToStreams(steps(taken));
    };
    // Behind each other in the log, before anything is handled: by streams, a shard would take every third step at once.
    await write();
    let last = await start(stepping(2), { leaseMs: 600 });
    for (const [round, count] of [5, 1, 4].entries()) {
      const writing = write();
      // The new definition comes while a worker with the old one runs.
      const next = await start(stepping(count), { on: round % 2 === 0 ? other : store, leaseMs: 600 });
      await eventually(async () => expect(await shards()).toHaveLength(count));
      await last.worker.stop();
      await writing;
      expect(unexpected(last.errors)).toEqual([]);
      last = next;
    }
    const writing = write();
    const second = await start(stepping(4), { leaseMs: 600 });
    await eventually(async () => expect(new Set((await shards()).map(({ owner }) => owner)).size).toBe(2));
    await writing;
    await Promise.all([last.worker.caughtUp(), second.worker.caughtUp()]);
    expect(unexpected([...last.errors, ...second.errors])).toEqual([]);
    const all = Array.from({ length: taken }, (_, step) => step);
    for (const order of orders) {
      expect(await store.processes.get("stepping", order)).toMatchObject({ state: all, inputCount: taken, handledCount: taken, lateCount: 0 });
      expect((await store.readStream(`trail-${order}`).toArray()).map(({ data }) => data)).toEqual(all.map((step) => ({ step })));
      expect(await store.readStream(`payment-${order}`).toArray()).toHaveLength(1);
    }
  });

  test("issues the commands of an instance in its shard alone", async ({ store, start }) => {
    await store.appendToStreams(steps(0));
    const issued: string[] = [];
    const process = stepping(3, {
      react: ({ data: { order } }) => [
        command(
          {
            ...payment,
            decide(asked: PaymentCommand, requested: boolean) {
              issued.push(order);
              return payment.decide(asked, requested);
            },
          },
          `payment-${order}`,
          { amount: 1 },
        ),
      ],
    });
    const { worker, errors } = await start(process);
    await worker.caughtUp();
    expect(issued.toSorted()).toEqual(orders.toSorted());
    expect(errors).toEqual([]);
    // Else one shard would do, and nothing be shown.
    expect(new Set(orders.map((order) => partitionOf(order) % 3)).size).toBe(3);
  });

  test("stops in all of them where instanceId throws, so that none passes an input of its own", async ({ store, start, shards }) => {
    let broken = true;
    const process = stepping(3, {
      instanceId({ data }) {
        if (broken) throw new Error("which order?");
        return data.order;
      },
      react: () => [],
    });
    await store.appendToStreams(steps(0));
    const first = await start(process);
    await eventually(async () => expect((await shards()).map(({ state }) => state)).toEqual(["failed", "failed", "failed"]));
    await first.worker.stop();
    broken = false;
    const { worker } = await start(process);
    await worker.caughtUp();
    expect((await store.processes.list()).map(({ id, inputCount }) => ({ id, inputCount }))).toHaveLength(orders.length);
  });

  test("lets a parked instance of any shard go on", async ({ store, start }) => {
    let broken = true;
    const process = stepping(3, {
      react() {
        if (broken) throw new Error("not now");
        return [];
      },
    });
    await store.appendToStreams(steps(0));
    const { worker } = await start(process);
    await worker.caughtUp();
    expect(await store.processes.list({ status: "parked" })).toHaveLength(orders.length);
    broken = false;
    for (const order of orders) await store.processes.retry("stepping", order);
    await worker.caughtUp();
    expect(await store.processes.list({ status: "running" })).toHaveLength(orders.length);
  });
});
