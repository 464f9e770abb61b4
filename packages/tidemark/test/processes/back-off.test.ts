import { command, type Decider, type Event, type Process, type ProcessCommand } from "tidemark";
import { ordering, placed } from "./order.ts";
import { describe, eventually, expect, test } from "./test.ts";

type Done = Event<"Done", object>;
const received = { type: "PaymentReceived", data: { amount: 1 } } as const;

/** The outside, as it is at the call with this number, from 1, for this order. */
function asking(outside: (order: string, call: number) => Promise<void>): Decider<number, { readonly order: string }, Done> {
  const calls = new Map<string, number>();
  return {
    name: "asking",
    initialState: () => 0,
    evolve: (count) => count + 1,
    async decide({ order }) {
      const call = (calls.get(order) ?? 0) + 1;
      calls.set(order, call);
      await outside(order, call);
      return [{ type: "Done", data: {} }];
    },
  };
}

const away = (): Error => Object.assign(new Error("the outside is away"), { retryable: true });

describe("a command that waits for its next try", () => {
  test("is tried in time, and what was recorded behind it meanwhile follows", async ({ store, start }) => {
    const decider = asking(async (_order, call) => {
      if (call > 1) return;
      // The second command is due while the first one waits.
      await store.appendToStream("order-1", [received]);
      await eventually(async () => expect(await store.processes.get("ordering", "order-1")).toMatchObject({ handledCount: 2 }));
      throw away();
    });
    const process = ordering(({ streamId }) => [command(decider, `asked-${streamId}`, { order: streamId })], {
      retry: { attempts: 2, minDelayMs: 200, maxDelayMs: 200, jitter: false },
    });
    await store.appendToStream("order-1", [placed()]);
    await start(process);
    // Far less than the minute after which a dispatcher looks without a reason.
    await eventually(async () => expect(await store.readStream("asked-order-1").toArray()).toHaveLength(2));
  });

  test("is tried in time though commands of other instances take long", async ({ store, start }) => {
    const held = Promise.withResolvers<void>();
    const tried = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const decider = asking(async (order, call) => {
      if (order === "order-slow") {
        begun.resolve();
        return await held.promise;
      }
      tried.resolve();
      if (call === 1) throw away();
    });
    const process = ordering(({ streamId }) => [command(decider, `asked-${streamId}`, { order: streamId })], {
      retry: { attempts: 2, minDelayMs: 3_000, maxDelayMs: 3_000, jitter: false },
    });
    await store.appendToStream("order-1", [placed()]);
    const { worker } = await start(process);
    try {
      await tried.promise;
      await store.appendToStream("order-slow", [placed()]);
      await begun.promise;
      await eventually(async () => expect(await store.readStream("asked-order-1").toArray()).toHaveLength(1));
    } finally {
      held.resolve();
    }
    await worker.caughtUp();
  });

  test("waits for as long as its process says", async ({ store, start }) => {
    const decider = asking(async () => {
      throw away();
    });
    const process = (name: string, minDelayMs: number): Process =>
      ordering(({ streamId }) => [command(decider, `${name}-${streamId}`, { order: streamId })], {
        name,
        retry: { attempts: 100, minDelayMs, maxDelayMs: 86_400_000, factor: 10, jitter: false },
      });
    await store.appendToStream("order-1", [placed()]);
    await start([process("soon", 1), process("late", 3_600_000)]);
    const commandOf = async (name: string): Promise<ProcessCommand> => {
      const { commands } = await store.processes.get(name, "order-1");
      if (!commands[0]) throw new Error("nothing is issued");
      return commands[0];
    };
    await eventually(async () => expect((await commandOf("late")).attempts).toBe(1));
    // Meanwhile the other one has had time to be tried again, too. Each try waits ten times as long as the one before: no number of them stands for long.
    await eventually(async () => expect((await commandOf("soon")).attempts).toBeGreaterThanOrEqual(4));
    const [soon, late] = [await commandOf("soon"), await commandOf("late")];
    expect([soon.status, late.status, late.attempts]).toEqual(["pending", "pending", 1]);
    expect(late.dueAt?.getTime()).toBeGreaterThan(soon.dueAt?.getTime() ?? Number.NaN);
  });
});
