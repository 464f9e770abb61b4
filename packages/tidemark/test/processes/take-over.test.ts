import { append, command, type Decider, type Event, type EventStore, type Process } from "tidemark";
import { FollowerWorker } from "../../src/runtime/follower-worker.ts";
import { takeOver } from "../runtime/take-over.ts";
import { ordering, placed } from "./order.ts";
import { describe, eventually, expect, type StartedWorker, test as base } from "./test.ts";

type Done = Event<"Done", { by: string }>;

/** A decider that waits before it decides, as slow code does. */
function slow(name: string, before: () => Promise<void> | void): Decider<number, object, Done> {
  return {
    name: "slow",
    initialState: () => 0,
    evolve: (count) => count + 1,
    async decide() {
      await before();
      return [{ type: "Done", data: { by: name } }];
    },
  };
}

const test = base.extend("next", ({ sql, schema, openStore, start }) => async (process: Process): Promise<StartedWorker> => {
  const other: EventStore = await openStore();
  const { errors, worker } = await takeOver(sql, schema, async () => {
    const { worker, errors } = await start(process, { on: other });
    if (!(worker instanceof FollowerWorker)) throw new TypeError("a worker of the store is a FollowerWorker");
    return { worker, errors };
  });
  return { worker, errors };
});

describe("a worker that takes a process over", () => {
  test("issues what the last one had recorded: each command writes once, though both were at it", async ({ store, start, next }) => {
    const released = Promise.withResolvers<void>();
    let asked = 0;
    const process = (by: string, before: () => Promise<void> | void): Process =>
      ordering(({ streamId }) => [command(slow(by, before), `work-${streamId}`, {}), append(`after-${streamId}`, [{ type: "After", data: {} }])]);
    await store.appendToStream("order-1", [placed()]);
    await store.appendToStream("order-2", [placed()]);
    try {
      const first = await start(
        process("first", () => {
          asked++;
          return released.promise;
        }),
        { leaseMs: 60_000 },
      );
      await eventually(() => expect(asked).toBe(2));
      const second = await next(process("second", () => {}));
      await second.worker.caughtUp();
      expect(second.errors).toEqual([]);
      released.resolve();
      await first.worker.stop();
    } finally {
      released.resolve();
    }
    for (const n of [1, 2]) {
      expect((await store.readStream(`work-order-${n}`).toArray()).map(({ data }) => data)).toEqual([{ by: "second" }]);
      expect(await store.readStream(`after-order-${n}`).toArray()).toHaveLength(1);
      const { commands } = await store.processes.get("ordering", `order-${n}`);
      expect(commands.map(({ status }) => status)).toEqual(["done", "done"]);
    }
  });

  test("has the last one decide no more of what it had loaded", async ({ store, start, next }) => {
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const decided: string[] = [];
    const process = (by: string, released: Promise<void>): Process =>
      ordering(({ streamId }) =>
        ["a", "b"].map((name) =>
          command(
            slow(by, () => {
              decided.push(`${by} ${name}`);
              return released;
            }),
            `${name}-${streamId}`,
            {},
          ),
        ),
      );
    await store.appendToStream("order-1", [placed()]);
    try {
      const before = await start(process("first", first.promise), { leaseMs: 60_000 });
      await eventually(() => expect(decided).toEqual(["first a"]));
      const after = await next(process("second", second.promise));
      await eventually(() => expect(decided).toEqual(["first a", "second a"]));
      first.resolve();
      // It has not heard of the takeover, and comes to its next command.
      await eventually(() => expect(before.errors).toMatchObject([{ code: "FENCED" }]));
      second.resolve();
      await after.worker.caughtUp();
      await before.worker.stop();
    } finally {
      first.resolve();
      second.resolve();
    }
    expect(decided).toEqual(["first a", "second a", "second b"]);
  });

  test("calls orElse again for a command of a refusal, with the error and the state of then", async ({ store, start, next }) => {
    const released = Promise.withResolvers<void>();
    let asked = 0;
    const refusing: Decider<number, object, Done> = {
      ...slow("never", () => {}),
      decide() {
        throw Object.assign(new RangeError("too much"), { code: "TOO_MUCH", limit: 5 });
      },
    };
    const seen: unknown[] = [];
    const process = (by: string, before: () => Promise<void> | void): Process =>
      ordering(({ type, streamId }) =>
        type === "OrderPlaced"
          ? [
              command(
                refusing,
                `work-${streamId}`,
                {},
                {
                  orElse(error, state) {
                    seen.push({ error, state });
                    return [command(slow(by, before), `undo-${streamId}`, {})];
                  },
                },
              ),
            ]
          : [],
      );
    await store.appendToStream("order-1", [placed()]);
    try {
      const first = await start(
        process("first", () => {
          asked++;
          return released.promise;
        }),
        { leaseMs: 60_000 },
      );
      await eventually(() => expect(asked).toBe(1));
      // The state goes on meanwhile; what orElse was called with is that of then.
      await store.appendToStream("order-1", [{ type: "PaymentReceived", data: { amount: 1 } }]);
      await eventually(async () => expect(await store.processes.get("ordering", "order-1")).toMatchObject({ handledCount: 2 }));
      const second = await next(process("second", () => {}));
      await second.worker.caughtUp();
      released.resolve();
      await first.worker.stop();
    } finally {
      released.resolve();
    }
    const error = expect.objectContaining({ name: "RangeError", message: "too much", code: "TOO_MUCH", limit: 5 });
    const call = { error, state: { seen: ["OrderPlaced"] } };
    expect(seen).toEqual([call, call]);
    expect((await store.readStream("undo-order-1").toArray()).map(({ data }) => data)).toEqual([{ by: "second" }]);
  });

  test("parks what its own code no longer returns, and says so", async ({ store, start, next }) => {
    const released = Promise.withResolvers<void>();
    let asked = 0;
    await store.appendToStream("order-1", [placed()]);
    try {
      const first = await start(
        ordering(({ streamId }) => [
          command(
            slow("first", () => {
              asked++;
              return released.promise;
            }),
            `work-${streamId}`,
            {},
          ),
        ]),
        { leaseMs: 60_000 },
      );
      await eventually(() => expect(asked).toBe(1));
      const second = await next(ordering(() => []));
      await second.worker.caughtUp();
      expect(second.errors).toMatchObject([
        { code: "PROCESS_PARKED", at: "command", message: expect.stringContaining('no longer returns the command to "work-order-1"') },
      ]);
      released.resolve();
      await first.worker.stop();
    } finally {
      released.resolve();
    }
  });
});
