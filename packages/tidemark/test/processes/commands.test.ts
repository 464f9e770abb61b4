import { append, type BoundaryDecider, command, complete, type Decider, type Event, type MultiStreamDecider } from "tidemark";
import { ordering, payment, placed } from "./order.ts";
import { describe, eventually, expect, test } from "./test.ts";

const note = (type: string, data: unknown = {}): ReturnType<typeof append> => append("notes-1", [{ type, data }]);
type Done = Event<"Done", object>;

/** A decider that does what the test says, each time it is asked. */
function scripted(...steps: readonly (() => void)[]): { readonly decider: Decider<number, object, Done>; readonly calls: () => number } {
  let calls = 0;
  const decider: Decider<number, object, Done> = {
    name: "scripted",
    initialState: () => 0,
    evolve: (count) => count + 1,
    decide() {
      steps[Math.min(calls++, steps.length - 1)]?.();
      return [{ type: "Done", data: {} }];
    },
  };
  return { decider, calls: () => calls };
}

const quick = { attempts: 3, minDelayMs: 1, maxDelayMs: 1 };

describe("a command of a process", () => {
  test("that its decider refuses runs orElse with the error and the state, before what comes after it", async ({ store, start }) => {
    await store.appendToStream("payment-order-1", [{ type: "PaymentRequested", data: { amount: 1 } }]);
    const process = ordering(({ streamId, data }) => [
      command(
        payment,
        `payment-${streamId}`,
        { amount: 1, ...data },
        {
          orElse: (error, state) => [note("Refused", { why: error instanceof Error ? error.message : "", state }), note("After")],
        },
      ),
      note("Last"),
    ]);
    await store.appendToStream("order-1", [placed()]);
    const { worker, errors } = await start(process);
    await worker.caughtUp();
    expect((await store.readStream("notes-1").toArray()).map(({ type, data }) => ({ type, data }))).toEqual([
      { type: "Refused", data: { why: "already requested", state: { seen: ["OrderPlaced"] } } },
      { type: "After", data: {} },
      { type: "Last", data: {} },
    ]);
    const { status, commands } = await store.processes.get("ordering", "order-1");
    expect(status).toBe("running");
    expect(commands.map(({ path, status, error }) => ({ path, status, error: error?.message }))).toEqual([
      { path: [0], status: "refused", error: "already requested" },
      { path: [0, 0], status: "done", error: undefined },
      { path: [0, 1], status: "done", error: undefined },
      { path: [1], status: "done", error: undefined },
    ]);
    expect(errors).toEqual([]);
  });

  test("that is refused without orElse is recorded so, and the process goes on", async ({ store, start }) => {
    const { decider } = scripted(() => {
      throw new Error("never");
    });
    await store.appendToStream("order-1", [placed()]);
    const { worker, errors } = await start(ordering(() => [command(decider, "work-1", {}), note("Last")]));
    await worker.caughtUp();
    expect((await store.processes.get("ordering", "order-1")).commands.map(({ status }) => status)).toEqual(["refused", "done"]);
    expect(errors).toEqual([]);
  });

  test("of an orElse can be refused too, and run its own orElse", async ({ store, start }) => {
    const { decider } = scripted(() => {
      throw new Error("never");
    });
    const inner = command(decider, "work-2", {}, { orElse: () => [note("Inner"), complete()] });
    await store.appendToStream("order-1", [placed()]);
    const { worker } = await start(ordering(() => [command(decider, "work-1", {}, { orElse: () => [inner] })]));
    await worker.caughtUp();
    const { status, commands } = await store.processes.get("ordering", "order-1");
    expect(commands.map(({ path, status }) => ({ path, status }))).toEqual([
      { path: [0], status: "refused" },
      { path: [0, 0], status: "refused" },
      { path: [0, 0, 0], status: "done" },
    ]);
    expect(status).toBe("completed");
  });

  test("that fails for the outside's sake is tried again, and then those behind it follow", async ({ store, start }) => {
    const hungUp = (): void => {
      throw Object.assign(new TypeError("fetch failed"), { cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }) });
    };
    const { decider, calls } = scripted(hungUp, hungUp, () => {});
    await store.appendToStream("order-1", [placed()]);
    const { worker, errors } = await start(ordering(() => [command(decider, "work-1", {}), note("Last")], { retry: quick }));
    await worker.caughtUp();
    expect(calls()).toBe(3);
    expect((await store.processes.get("ordering", "order-1")).commands.map(({ status, attempts }) => ({ status, attempts }))).toEqual([
      { status: "done", attempts: 3 },
      { status: "done", attempts: 1 },
    ]);
    expect(errors).toEqual([]);
  });

  test("that fails too often is parked until it is retried; meanwhile inputs are folded, and other instances go on", async ({ store, start }) => {
    let broken = true;
    const { decider, calls } = scripted(() => {
      if (broken) throw Object.assign(new Error("away"), { retryable: true });
    });
    const process = ordering(
      ({ type, streamId }) => (type === "OrderPlaced" && streamId === "order-1" ? [command(decider, "work-1", {})] : [note(`Seen ${streamId}`)]),
      {
        retry: quick,
      },
    );
    await store.appendToStream("order-1", [placed()]);
    const { worker, errors } = await start(process);
    await eventually(() => expect(errors).toHaveLength(1));
    expect(errors[0]).toMatchObject({ code: "PROCESS_PARKED", process: "ordering", instance: "order-1", input: 1, at: "command" });
    expect(calls()).toBe(3);
    await store.appendToStream("order-1", [{ type: "PaymentReceived", data: { amount: 1 } }]);
    await store.appendToStream("order-2", [placed()]);
    await worker.caughtUp();
    const parked = await store.processes.get("ordering", "order-1");
    expect(parked).toMatchObject({ status: "parked", handledCount: 2, lastError: { message: "away" } });
    expect(parked.commands.map(({ status }) => status)).toEqual(["parked", "pending"]);
    expect((await store.readStream("notes-1").toArray()).map(({ type }) => type)).toEqual(["Seen order-2"]);
    expect((await store.processes.list({ status: "parked" })).map(({ id }) => id)).toEqual(["order-1"]);

    broken = false;
    await store.processes.retry("ordering", "order-1");
    await worker.caughtUp();
    const after = await store.processes.get("ordering", "order-1");
    expect(after).toMatchObject({ status: "running", lastError: undefined });
    expect(after.commands.map(({ status }) => status)).toEqual(["done", "done"]);
    expect((await store.readStream("notes-1").toArray()).map(({ type }) => type)).toEqual(["Seen order-2", "Seen order-1"]);
  });

  test("that the store cannot carry out is parked at once", async ({ store, start }) => {
    const { decider, calls } = scripted(() => {});
    // @ts-expect-error -- no type of its events
    const wrong: typeof decider = { ...decider, decide: () => [{ type: "", data: {} }] };
    await store.appendToStream("order-1", [placed()]);
    const { errors } = await start(ordering(() => [command(wrong, "work-1", {})]));
    await eventually(() => expect(errors).toMatchObject([{ code: "PROCESS_PARKED", cause: { code: "INVALID_ARGUMENT" } }]));
    expect(calls()).toBe(0);
  });

  test("that hangs is given up after timeoutMs and tried again, and what it decides then is not appended", async ({ store, start }) => {
    const hung = Promise.withResolvers<void>();
    let calls = 0;
    const decider: Decider<number, object, Event<"Done", { call: number }>> = {
      initialState: () => 0,
      evolve: (count) => count + 1,
      async decide() {
        const call = ++calls;
        if (call === 1) await hung.promise;
        return [{ type: "Done", data: { call } }];
      },
    };
    await store.appendToStream("order-1", [placed()]);
    try {
      const { worker } = await start(ordering(() => [command(decider, "work-1", {})], { retry: { ...quick, attempts: 1_000 }, timeoutMs: 100 }));
      await worker.caughtUp();
    } finally {
      hung.resolve();
    }
    // One of the later ones, however many of them a busy machine took too long for.
    const written = await store.readStream<Event<"Done", { call: number }>>("work-1").toArray();
    expect(written).toHaveLength(1);
    expect(written[0]?.data.call).toBeGreaterThan(1);
  });

  test("can be one over several streams", async ({ store, start }) => {
    const transfer: MultiStreamDecider<number, { readonly from: string; readonly to: string }, Event<"Moved", object>> = {
      reads: ({ from, to }) => [from, to],
      initialState: () => 0,
      evolve: (count) => count + 1,
      decide: ({ from, to }) => [
        { streamId: from, events: [{ type: "Moved", data: {} }] },
        { streamId: to, events: [{ type: "Moved", data: {} }] },
      ],
    };
    await store.appendToStream("order-1", [placed()]);
    const { worker } = await start(ordering(() => [command(transfer, { from: "a-1", to: "b-1" })]));
    await worker.caughtUp();
    expect((await store.streamInfo("a-1")).version + (await store.streamInfo("b-1")).version).toBe(2);
  });

  test("can be one by a query, which finds what the others wrote", async ({ store, start }) => {
    const seat: BoundaryDecider<number, { readonly seat: string }, Event<"SeatTaken", object>> = {
      name: "seat",
      query: ({ seat: number }) => [{ types: ["SeatTaken"], tags: [`seat:${number}`] }],
      initialState: () => 0,
      evolve: (count) => count + 1,
      decide({ seat: number }, taken) {
        if (taken > 0) throw new Error("taken");
        return [{ type: "SeatTaken", data: {}, tags: [`seat:${number}`] }];
      },
    };
    await store.appendToStreams([1, 2].map((n) => ({ streamId: `order-${n}`, events: [placed()] })));
    const { worker } = await start(ordering(({ streamId }) => [command(seat, { seat: "7" }, { orElse: () => [note(`Refused ${streamId}`)] })]));
    await worker.caughtUp();
    expect(await store.readStream("seat-7").toArray()).toHaveLength(1);
    const outcomes = await Promise.all([1, 2].map(async (n) => (await store.processes.get("ordering", `order-${n}`)).commands[0]?.status ?? "none"));
    expect(outcomes.toSorted()).toEqual(["done", "refused"]);
    expect(await store.readStream("notes-1").toArray()).toHaveLength(1);
  });

  test("does not wait for those of other instances: they are decided at the same time", async ({ store, start }) => {
    const begun: string[] = [];
    const all = Promise.withResolvers<void>();
    const meeting: Decider<number, { readonly order: string }, Done> = {
      initialState: () => 0,
      evolve: (count) => count + 1,
      async decide({ order }) {
        begun.push(order);
        if (begun.length === 3) all.resolve();
        // One after the other, the first would wait for ever.
        await all.promise;
        return [{ type: "Done", data: {} }];
      },
    };
    await store.appendToStreams([1, 2, 3].map((n) => ({ streamId: `order-${n}`, events: [placed()] })));
    const { worker } = await start(ordering(({ streamId }) => [command(meeting, `work-${streamId}`, { order: streamId })], { timeoutMs: 2_147_483_647 }));
    try {
      await eventually(() => expect(begun.toSorted()).toEqual(["order-1", "order-2", "order-3"]));
    } finally {
      all.resolve();
    }
    await worker.caughtUp();
    expect(begun).toHaveLength(3);
  });
});
