import { append } from "tidemark";
import { ordering, placed } from "./order.ts";
import { describe, eventually, expect, test } from "./test.ts";

const received = { type: "PaymentReceived", data: { amount: 1 } } as const;

describe("an instance whose input fails", () => {
  test("is parked alone: its later inputs wait, others go on, and retry handles what waits", async ({ store, start }) => {
    let broken = true;
    const process = ordering(({ type, streamId }) => {
      if (broken && streamId === "order-1" && type === "PaymentReceived") throw new Error("cannot react");
      return [append(`notes-${streamId}`, [{ type, data: {} }])];
    });
    await store.appendToStream("order-1", [placed(), received]);
    const { worker, errors } = await start(process);
    await eventually(() => expect(errors).toHaveLength(1));
    await store.appendToStream("order-1", [{ type: "PaymentTimedOut", data: {} }]);
    await store.appendToStream("order-2", [placed(), received]);
    await worker.caughtUp();
    expect(errors).toMatchObject([{ code: "PROCESS_PARKED", instance: "order-1", input: 2, at: "input", cause: { message: "cannot react" } }]);
    const parked = await store.processes.get("ordering", "order-1");
    expect(parked).toMatchObject({
      status: "parked",
      state: { seen: ["OrderPlaced"] },
      inputCount: 3,
      handledCount: 1,
      lastError: { message: "cannot react" },
    });
    expect(parked.inputs.map(({ handled }) => handled)).toEqual([true, false, false]);
    expect((await store.readStream("notes-order-2").toArray()).map(({ type }) => type)).toEqual(["OrderPlaced", "PaymentReceived"]);

    // It fails again at the same input, and stays.
    await store.processes.retry("ordering", "order-1");
    await eventually(() => expect(errors).toHaveLength(2));
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ status: "parked", handledCount: 1 });

    broken = false;
    await store.processes.retry("ordering", "order-1");
    await worker.caughtUp();
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({
      status: "running",
      state: { seen: ["OrderPlaced", "PaymentReceived", "PaymentTimedOut"] },
      handledCount: 3,
      lastError: undefined,
    });
    expect((await store.readStream("notes-order-1").toArray()).map(({ type }) => type)).toEqual(["OrderPlaced", "PaymentReceived", "PaymentTimedOut"]);
  });

  test("keeps the state as it was before, whatever evolve did to it", async ({ store, start }) => {
    const process = ordering(() => [], {
      evolve(state, { type }) {
        Object.assign(state, { seen: [...state.seen, type] });
        if (type === "PaymentReceived") throw new Error("half done");
        return state;
      },
    });
    await store.appendToStream("order-1", [placed(), received]);
    const { worker } = await start(process);
    await worker.caughtUp();
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ status: "parked", state: { seen: ["OrderPlaced"] } });
  });

  test.for([
    ["a promise", (): unknown => Promise.resolve([]), "react returned a promise"],
    ["no list", (): unknown => undefined, "react must return an array of effects"],
    ["what is no effect", (): unknown => [{ type: "OrderPlaced" }], "react[0] must be what command, append, timer, cancelTimer or complete returns"],
    ["an event that the store cannot take", () => [append("notes-1", [{ type: "Noted", data: { at: new Date(0) } }])], "react[0].events[0].data.at"],
    ["a stream that cannot be", (): unknown => [append("", [])], "react[0].streamId is empty"],
  ] as const)("is parked where react returns %s", async ([, react, message], { store, start }) => {
    await store.appendToStream("order-1", [placed()]);
    // @ts-expect-error -- what it returns is wrong
    const { worker } = await start(ordering(react));
    await worker.caughtUp();
    const { status, lastError } = await store.processes.get("ordering", "order-1");
    expect(status).toBe("parked");
    expect(lastError?.message).toContain(message);
  });
});
