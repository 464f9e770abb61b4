// A process of kills.test.ts: runs a worker with a process that asks for a payment for each order, and notes it, until it is told to stop.
import { append, command, complete, openEventStore } from "tidemark";
import { ordering, payment } from "./order.ts";

export interface Orders {
  readonly url: string;
  readonly schema: string;
}

export type Report = "started" | "deciding" | "stopped";

function report(message: Report): void {
  process.send?.(message);
}

async function obey({ url, schema }: Orders): Promise<void> {
  await using store = await openEventStore(url, { schema, migrate: "off" });
  let decided = 0;
  const slow: typeof payment = {
    ...payment,
    async decide(amount, requested) {
      if (decided++ === 20) report("deciding");
      await new Promise((resolve) => setImmediate(resolve));
      return await payment.decide(amount, requested);
    },
  };
  const process_ = ordering(
    ({ type, streamId, data }) =>
      type === "OrderPlaced"
        ? [command(slow, `payment-${streamId}`, data), append(`note-${streamId}`, [{ type: "Noted", data: {} }])]
        : [append(`note-${streamId}`, [{ type: "Ended", data: {} }]), complete()],
    { batchSize: 20, concurrency: 4 },
  );
  const worker = store.createWorker({ processes: [process_], leaseMs: 800 });
  const stopped = new Promise<void>((resolve) => {
    process.on("message", () => resolve());
  });
  await worker.start();
  report("started");
  await stopped;
  await worker.stop();
  report("stopped");
  process.disconnect();
}

process.once("message", (orders: Orders) => void obey(orders));
