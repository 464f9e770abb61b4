import { append, command, complete, openEventStore, timer } from "tidemark";
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
