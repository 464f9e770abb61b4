import { append, command, complete, type Decider, type Event, timer } from "tidemark";
import { ordering, payment, placed } from "./order.ts";
import { eventually, expect, test } from "./test.ts";

const timedOut = { type: "PaymentTimedOut", data: {} } as const;

test("an instance goes on under code that is written in another way: it is pinned to the effects that were recorded, not to a text", async ({
  store,
  start,
}) => {
  const away: Decider<number, object, Event<"Done", object>> = {
    initialState: () => 0,
    evolve: (count) => count,
    decide() {
      throw Object.assign(new Error("away"), { retryable: true });
    },
  };
  await store.appendToStream("order-1", [placed()]);
  const before = await start(
    ordering(({ streamId }) => [command(away, `payment-${streamId}`, { amount: 7 }), timer("payment", { in: 3_600_000 }, timedOut)], {
      retry: { attempts: 100_000, minDelayMs: 1, maxDelayMs: 1 },
    }),
  );
  await eventually(async () => expect((await store.processes.get("ordering", "order-1")).commands[0]?.attempts).toBeGreaterThan(0));
  await before.worker.stop();

  const rewritten = ordering(
    (event, state) => {
      switch (event.type) {
        case "OrderPlaced":
          return [command(payment, ["payment", event.streamId].join("-"), { amount: event.data.amount }), timer("payment", { in: 900_000 }, timedOut)];
        default:
          return [append("notes-1", [{ type: "Seen", data: state }]), complete()];
      }
    },
    { evolve: (state, event) => ({ ...state, seen: state.seen.concat(event.type) }), handles: ["OrderPlaced", "PaymentReceived"] },
  );
  const { worker, errors } = await start(rewritten);
  await worker.caughtUp();
  await store.appendToStream("order-1", [{ type: "PaymentReceived", data: { amount: 7 } }]);
  await worker.caughtUp();
  const { status, state, commands, timers } = await store.processes.get("ordering", "order-1");
  const seen = ["OrderPlaced", "PaymentReceived"];
  expect({ status, state, commands: commands.map((one) => one.status), timers }).toEqual({
    status: "completed",
    state: { seen },
    commands: ["done", "done"],
    timers: [],
  });
  expect((await store.readStream("payment-order-1").toArray()).map(({ data }) => data)).toEqual([{ amount: 7 }]);
  expect((await store.readStream("notes-1").toArray()).map(({ data }) => data)).toEqual([{ seen }]);
  expect(errors).toEqual([]);
});
