import { append, command, complete, openEventStore, type Process, timer } from "tidemark";
import { ordering, payment, placed } from "./order.ts";
import { eventually, expect, test } from "./test.ts";

test("a process runs on an embedded database, which has one connection", async () => {
  const store = await openEventStore({ logger: { debug() {}, info() {}, warn() {}, error() {} } });
  try {
    const process = ordering(({ type, streamId, data }) =>
      type === "OrderPlaced"
        ? [
            command(payment, "payment-all", data, { orElse: () => [append("refused-1", [{ type: "Refused", data: {} }])] }),
            timer("payment", { in: 1 }, { type: "PaymentTimedOut", data: {} }),
          ]
        : [append(`ended-${streamId}`, [{ type: "Ended", data: {} }]), complete()],
    );
    for (const n of [1, 2]) await store.appendToStream(`order-${n}`, [placed()]);
    const worker = store.createWorker({ processes: [process] });
    await worker.start();
    await eventually(async () => expect((await store.processes.list({ status: "completed" })).map(({ id }) => id)).toEqual(["order-1", "order-2"]));
    await worker.caughtUp();
    expect(await store.readStream("payment-all").toArray()).toHaveLength(1);
    expect(await store.readStream("refused-1").toArray()).toHaveLength(1);
  } finally {
    await store.close();
  }
});

test("versions and shards share an embedded database", async () => {
  const store = await openEventStore({ logger: { debug() {}, info() {}, warn() {}, error() {} } });
  try {
    const version = (number: number): Process =>
      ordering(({ streamId }) => [append(`notes-${streamId}`, [{ type: "Noted", data: { version: number } }])], { version: number, shards: 3 });
    const orders = [1, 2, 3, 4, 5].map((n) => `order-${n}`);
    for (const order of orders) await store.appendToStream(order, [placed()]);
    const old = store.createWorker({ processes: [version(1)] });
    await old.start();
    await old.caughtUp();
    await old.stop();
    const worker = store.createWorker({ processes: [version(2), version(1)] });
    await worker.start();
    for (const order of [...orders, "order-6"]) await store.appendToStream(order, [placed()]);
    await worker.caughtUp();
    for (const order of orders) expect(await store.processes.get("ordering", order)).toMatchObject({ version: 1, inputCount: 2 });
    expect(await store.processes.get("ordering", "order-6")).toMatchObject({ version: 2, inputCount: 1 });
    for (const order of orders) expect((await store.readStream(`notes-${order}`).toArray()).map(({ data }) => data)).toEqual([{ version: 1 }, { version: 1 }]);
  } finally {
    await store.close();
  }
});
