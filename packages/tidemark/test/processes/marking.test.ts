import { command, type Decider, defineProcess, type Event } from "tidemark";
import { eventually, expect, test } from "../support/test.ts";

test("commands that were issued are marked while another one goes on", async ({ store }) => {
  const slow = Promise.withResolvers<void>();
  /** Decides at once, except on the order that waits. */
  const booking: Decider<number, string, Event> = {
    name: "booking",
    initialState: () => 0,
    evolve: (count) => count + 1,
    async decide(order) {
      if (order === "order-slow") await slow.promise;
      return [{ type: "Booked", data: { order } }];
    },
  };
  const ordering = defineProcess<null, Event>({
    name: "ordering",
    handles: ["OrderPlaced"],
    concurrency: 2,
    instanceId: ({ streamId }) => streamId,
    initialState: () => null,
    evolve: () => null,
    react: ({ streamId }) => [command(booking, `booking-${streamId}`, streamId)],
  });
  const orders = Array.from({ length: 5 }, (_, n) => `order-${n}`);
  const worker = store.createWorker({ processes: [ordering] });
  await worker.start();
  for (const order of ["order-slow", ...orders]) await store.appendToStream(order, [{ type: "OrderPlaced", data: {} }]);
  const statusOf = async (order: string): Promise<string | undefined> => (await store.processes.get("ordering", order)).commands[0]?.status;
  await eventually(async () => expect((await store.processes.list()).map(({ handledCount }) => handledCount)).toEqual(["", ...orders].map(() => 1)));
  await eventually(async () => expect(await Promise.all(orders.map(statusOf))).toEqual(orders.map(() => "done")));
  expect(await statusOf("order-slow")).toBe("pending");
  slow.resolve();
  await worker.caughtUp();
  expect(await statusOf("order-slow")).toBe("done");
  await worker.stop();
});
