import { command, type Decider, defineProcess, type Event } from "tidemark";
import type { Statement, TextRow, Value } from "../../src/database/database.ts";
import { Dispatcher } from "../../src/processes/dispatcher.ts";
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

/** A row of what is due: an append to a stream, of an instance of its own. */
function due(id: number, stream: string): TextRow {
  const payload = JSON.stringify({ events: [] });
  return {
    id: `${id}`,
    instance_id: `${id}`,
    instance: stream,
    input: "1",
    path: "[0]",
    kind: "append",
    stream,
    payload,
    status: "pending",
    attempts: "0",
    is_due: "true",
  };
}

test("the last mark alone waits for the disk: those that others follow do not", async () => {
  const slow = Promise.withResolvers<void>();
  const marks: (readonly Value[])[] = [];
  const marked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let found = [due(1, "quick"), due(2, "slow")];
  const database = {
    async query(statement: Statement, values: readonly Value[]): Promise<readonly TextRow[]> {
      if (statement.name === "done") marked[marks.push(values) - 1]?.resolve();
      if (statement.name !== "due") return [];
      const rows = found;
      found = [];
      return rows;
    },
  };
  const names = ["due", "nextDue", "postpone", "done"];
  const over = new AbortController();
  const shard = { tenant: "", checkpoint: { shard: { of: 1, shard: 0 } }, signal: over.signal, mayGoOn: async () => true, settled() {}, tell() {} };
  const store = { appendToStream: (stream: string) => (stream === "slow" ? slow.promise : Promise.resolve()) };
  const dispatcher = new Dispatcher(
    Object({
      process: { name: "ordering", version: 1, settings: { concurrency: 2 } },
      statements: Object.fromEntries(names.map((name) => [name, { name, text: "" }])),
      database,
      shard,
      lane: { store, codec: {}, process: "ordering", timeoutMs: 60_000, stillPending: async () => true, retryable: () => false },
    }),
  );
  dispatcher.start();
  await marked[0]?.promise;
  slow.resolve();
  await marked[1]?.promise;
  over.abort();
  await dispatcher.ended();
  expect(marks).toEqual([
    ["{1}", false],
    ["{2}", true],
  ]);
});
