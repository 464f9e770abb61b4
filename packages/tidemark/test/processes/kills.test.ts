import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import pg from "pg";
import { placed } from "./order.ts";
import { eventually, expect, test } from "./test.ts";
import type { Orders, Report } from "./worker-process.ts";

interface Elsewhere extends AsyncDisposable {
  readonly process: ChildProcess;
  said(report: Report): Promise<void>;
}

/** A worker in a process of its own. Killed in the end. */
function startElsewhere(orders: Orders): Elsewhere {
  const child = fork(new URL("./worker-process.ts", import.meta.url), { execArgv: ["--conditions=source"], env: { ...process.env, NODE_OPTIONS: "" } });
  const reports: Report[] = [];
  child.on("message", (report: Report) => void reports.push(report));
  child.send(orders);
  return {
    process: child,
    said: (report) => eventually(() => expect(reports).toContain(report)),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

test("a worker's process that is killed again and again handles each input once, and each command writes once", async ({ store, sql, schema, databaseUrl }) => {
  const orders: Orders = { url: databaseUrl, schema };
  let placedOrders = 0;
  const place = async (count: number): Promise<void> => {
    await store.appendToStreams(Array.from({ length: count }, () => ({ streamId: `order-${++placedOrders}`, events: [placed()] })));
  };
  for (let round = 0; round < 3; round++) {
    await place(100);
    await using worker = startElsewhere(orders);
    await worker.said("deciding");
    await store.appendToStream(`order-${placedOrders - 10}`, [{ type: "PaymentReceived", data: { amount: 7 } }]);
    worker.process.kill("SIGKILL");
  }
  await using last = startElsewhere(orders);
  await last.said("started");
  await eventually(async () => {
    expect(await store.readAll({ filter: { types: ["Noted"] } }).toArray()).toHaveLength(placedOrders);
    expect(await store.readAll({ filter: { types: ["Ended"] } }).toArray()).toHaveLength(3);
  });
  last.process.send("stop");
  await last.said("stopped");
  const written = await store.readAll({ filter: { types: ["PaymentRequested", "Noted", "Ended"] } }).toArray();
  const streams = Map.groupBy(written, ({ streamId, type }) => `${type} ${streamId}`);
  expect([...streams.values()].filter(({ length }) => length !== 1)).toEqual([]);
  expect(streams.size).toBe(2 * placedOrders + 3);
  // One that was issued again under another id would be refused: "already requested".
  const { rows: outcomes } = await sql.query(`select distinct status from ${pg.escapeIdentifier(schema)}.process_commands`);
  expect(outcomes).toEqual([{ status: "done" }]);
  const instances = await store.processes.list({ limit: 1_000 });
  expect(
    instances.map(({ inputCount, handledCount }) => ({ inputCount, handledCount })).filter(({ inputCount, handledCount }) => inputCount !== handledCount),
  ).toEqual([]);
  expect(instances.filter(({ status }) => status === "completed")).toHaveLength(3);
});
