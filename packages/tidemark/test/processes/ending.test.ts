import { append, command, complete, type Decider, type Event, timer } from "tidemark";
import { ordering, placed } from "./order.ts";
import { describe, eventually, expect, test } from "./test.ts";

const received = { type: "PaymentReceived", data: { amount: 1 } } as const;

describe("an instance that has ended", () => {
  test("has no timers, counts late inputs, and starts nothing", async ({ application, store, start }) => {
    const process = ordering(({ type }) =>
      type === "OrderPlaced"
        ? [timer("payment", { in: 3_600_000 }, { type: "PaymentTimedOut", data: {} })]
        : [append("notes-1", [{ type: "Ended", data: {} }]), timer("again", { in: 1 }, { type: "PaymentTimedOut", data: {} }), complete()],
    );
    await application.appendToStream("order-1", [placed()]);
    const { worker, errors } = await start(process);
    await worker.caughtUp();
    expect((await store.processes.get("ordering", "order-1")).timers.map(({ key }) => key)).toEqual(["payment"]);
    await application.appendToStream("order-1", [received]);
    await worker.caughtUp();
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ status: "completed", timers: [], inputCount: 2, lateCount: 0 });
    await application.appendToStream("order-1", [received, received]);
    await worker.caughtUp();
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ status: "completed", timers: [], inputCount: 2, lateCount: 2 });
    expect(await store.readStream("notes-1").toArray()).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  test("within one batch takes no more of it", async ({ application, store, start }) => {
    await application.appendToStream("order-1", [placed(), received, placed()]);
    const { worker } = await start(ordering(({ type }) => (type === "PaymentReceived" ? [complete()] : [])));
    await worker.caughtUp();
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({
      state: { seen: ["OrderPlaced", "PaymentReceived"] },
      inputCount: 2,
      lateCount: 1,
    });
  });

  test("by a refusal while it was parked handles none of the inputs that wait, after retry either", async ({ application, store, start }) => {
    const refusing: Decider<number, object, Event<"Done", object>> = {
      initialState: () => 0,
      evolve: (count) => count,
      decide() {
        throw new Error("no");
      },
    };
    let broken = true;
    const process = ordering(({ type }) => {
      if (type === "OrderPlaced") return [command(refusing, "work-1", {}, { orElse: () => [complete()] })];
      if (broken) throw new Error("cannot react");
      return [append("notes-1", [{ type: "Handled", data: {} }])];
    });
    await application.appendToStream("order-1", [placed(), received]);
    const { worker } = await start(process);
    await worker.caughtUp();
    broken = false;
    await store.processes.retry("ordering", "order-1");
    await eventually(async () =>
      expect(await store.processes.get("ordering", "order-1")).toMatchObject({
        status: "completed",
        state: { seen: ["OrderPlaced"] },
        inputCount: 2,
        handledCount: 1,
      }),
    );
    expect(await store.readStream("notes-1").toArray()).toEqual([]);
  });

  test("by cancel has no timers and no pending commands, in one transaction", async ({ application, store, start }) => {
    const away: Decider<number, object, Event<"Done", object>> = {
      initialState: () => 0,
      evolve: (count) => count,
      decide() {
        throw Object.assign(new Error("away"), { retryable: true });
      },
    };
    const process = ordering(
      ({ type }) => (type === "OrderPlaced" ? [timer("payment", { in: 3_600_000 }, { type: "PaymentTimedOut", data: {} }), command(away, "work-1", {})] : []),
      { retry: { attempts: 1 } },
    );
    await application.appendToStream("order-1", [placed()]);
    const { worker, errors } = await start(process);
    await eventually(() => expect(errors).toHaveLength(1));
    await store.processes.cancel("ordering", "order-1");
    await application.appendToStream("order-1", [received]);
    await worker.caughtUp();
    const { status, timers, commands, lateCount } = await store.processes.get("ordering", "order-1");
    expect({ status, timers, commands: commands.map((one) => one.status), lateCount }).toEqual({
      status: "cancelled",
      timers: [],
      commands: ["cancelled"],
      lateCount: 1,
    });
    // Nothing is left to be tried again.
    await store.processes.retry("ordering", "order-1");
    await worker.caughtUp();
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ status: "cancelled" });
  });

  test("by cancel has no more commands decided, though a worker has loaded them; the one in hand is carried out, and shown so", async ({
    application,
    store,
    start,
  }) => {
    const released = Promise.withResolvers<void>();
    const decided: string[] = [];
    const work = (name: string): Decider<number, object, Event<"Done", object>> => ({
      initialState: () => 0,
      evolve: (count) => count,
      async decide() {
        decided.push(name);
        await released.promise;
        return [{ type: "Done", data: {} }];
      },
    });
    const process = ordering(() => [command(work("first"), "first-1", {}), command(work("second"), "second-1", {}), append("third-1", [placed()])]);
    await application.appendToStream("order-1", [placed()]);
    const { worker, errors } = await start(process);
    try {
      await eventually(() => expect(decided).toEqual(["first"]));
      await store.processes.cancel("ordering", "order-1");
      released.resolve();
      await eventually(async () => expect((await store.processes.get("ordering", "order-1")).commands[0]).toMatchObject({ status: "done" }));
    } finally {
      released.resolve();
    }
    await worker.caughtUp();
    await worker.stop();
    expect((await store.processes.get("ordering", "order-1")).commands.map(({ status }) => status)).toEqual(["done", "cancelled", "cancelled"]);
    expect(decided).toEqual(["first"]);
    expect(await store.readStream("first-1").toArray()).toHaveLength(1);
    expect(await store.readStream("third-1").toArray()).toEqual([]);
    expect(errors).toEqual([]);
  });

  test("is listed by its status, in the order in which instances began", async ({ application, store, start }) => {
    const process = ordering(({ streamId }) => (streamId === "order-2" ? [complete()] : []));
    for (const n of [1, 2, 3]) await application.appendToStream(`order-${n}`, [placed()]);
    const { worker } = await start(process);
    await worker.caughtUp();
    const ids = async (query: Parameters<typeof store.processes.list>[0]): Promise<string[]> => (await store.processes.list(query)).map(({ id }) => id);
    expect(await ids({ name: "ordering" })).toEqual(["order-1", "order-2", "order-3"]);
    expect(await ids({ name: "ordering", status: "completed" })).toEqual(["order-2"]);
    expect(await ids({ status: "running" })).toEqual(["order-1", "order-3"]);
    const [first] = await store.processes.list({ limit: 1 });
    expect(await ids({ after: first?.number ?? 0 })).toEqual(["order-2", "order-3"]);
    expect(await ids({ name: "others" })).toEqual([]);
    // @ts-expect-error -- no status
    await expect(store.processes.list({ status: "complete" })).rejects.toThrow('did you mean "completed"');
  });
});
