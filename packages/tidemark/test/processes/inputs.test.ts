import { append, command, complete, defineEvents, defineProcess, event, type Event } from "tidemark";
import { ordering, type OrderState, payment, placed } from "./order.ts";
import { describe, expect, test } from "./test.ts";

const audit = (type: string): ReturnType<typeof append> => append("audit-1", [{ type, data: {} }]);

function stateOf(value: unknown): OrderState {
  if (typeof value === "object" && value !== null && "seen" in value && Array.isArray(value.seen)) return { ...value, seen: value.seen };
  throw new Error("no state");
}

describe("an input", () => {
  test("is folded into its instance's state, and what it leads to is issued in order", async ({ store, start }) => {
    const process = ordering(({ type, streamId, data }) =>
      type === "OrderPlaced" ? [command(payment, `payment-${streamId}`, data), audit("First"), audit("Second")] : [audit("Third")],
    );
    await store.appendToStreams([
      { streamId: "order-1", events: [placed(3), { type: "PaymentReceived", data: { amount: 3 } }] },
      { streamId: "order-2", events: [placed(5)] },
      { streamId: "other-1", events: [{ type: "Unhandled", data: {} }] },
    ]);
    const { worker, errors } = await start(process);
    await worker.caughtUp();
    expect((await store.readStream("payment-order-1").toArray()).map(({ data }) => data)).toEqual([{ amount: 3 }]);
    expect((await store.readStream("payment-order-2").toArray()).map(({ data }) => data)).toEqual([{ amount: 5 }]);
    const audited = await store.readStream("audit-1").toArray();
    expect(audited.filter(({ metadata }) => metadata.correlationId !== undefined)).toHaveLength(5);
    const first = await store.processes.get("ordering", "order-1");
    expect(first).toMatchObject({ status: "running", state: { seen: ["OrderPlaced", "PaymentReceived"] }, inputCount: 2, handledCount: 2, lateCount: 0 });
    expect(first.inputs.map(({ number, handled, event: { type } }) => ({ number, handled, type }))).toEqual([
      { number: 1, handled: true, type: "OrderPlaced" },
      { number: 2, handled: true, type: "PaymentReceived" },
    ]);
    expect(first.commands.map(({ input, path, kind, status }) => ({ input, path, kind, status }))).toEqual([
      { input: 1, path: [0], kind: "command", status: "done" },
      { input: 1, path: [1], kind: "append", status: "done" },
      { input: 1, path: [2], kind: "append", status: "done" },
      { input: 2, path: [0], kind: "append", status: "done" },
    ]);
    // In order within the instance, whatever the other one did in between.
    const [order] = await store.readStream("order-1").toArray();
    const ofFirst = audited.filter(({ metadata }) => metadata.correlationId === order?.id).map(({ type }) => type);
    expect(ofFirst).toEqual(["First", "Second"]);
    expect(errors).toEqual([]);
  });

  test("gives what it leads to its correlation, and its id as the cause", async ({ store, start }) => {
    const process = ordering(({ type, streamId, data }) => (type === "OrderPlaced" ? [command(payment, `payment-${streamId}`, data), audit("Audited")] : []));
    await store.appendToStream("order-1", [{ ...placed(), metadata: { correlationId: "request-7", actorId: "ada" } }]);
    const { worker } = await start(process);
    await worker.caughtUp();
    const [order] = await store.readStream("order-1").toArray();
    const written = [...(await store.readStream("payment-order-1").toArray()), ...(await store.readStream("audit-1").toArray())];
    expect(written.map(({ type }) => type)).toEqual(["PaymentRequested", "Audited"]);
    for (const { metadata } of written) expect(metadata).toMatchObject({ correlationId: "request-7", causationId: order?.id });
  });

  test("is all that evolve and react get, beside the state; what react does to that is not stored", async ({ store, start }) => {
    const got: unknown[][] = [];
    const evolve = (...given: unknown[]): OrderState => {
      got.push(given);
      return { seen: [...stateOf(given[0]).seen, "evolved"] };
    };
    const react = (...given: unknown[]): [] => {
      got.push(given);
      Object.assign(Object(given[1]), { seen: ["changed by react"] });
      return [];
    };
    await store.appendToStream("order-1", [placed(), { type: "PaymentReceived", data: { amount: 7 } }]);
    const { worker, errors } = await start(ordering(react, { evolve }));
    await worker.caughtUp();
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ state: { seen: ["evolved", "evolved"] }, handledCount: 2 });
    const [first, second] = await store.readStream("order-1").toArray();
    const changed = { seen: ["changed by react"] };
    expect(got).toEqual([
      [{ seen: [] }, first],
      [first, changed],
      [{ seen: ["evolved"] }, second],
      [second, changed],
    ]);
    expect(errors).toEqual([]);
  });

  test("can be appended elsewhere as it is: the copy has an id of its own, and the input as its cause", async ({ store, start }) => {
    await store.appendToStream("order-1", [{ ...placed(4), tags: ["customer:ada"], metadata: { causationId: "before", actorId: "ada" } }]);
    const { worker } = await start(ordering((input) => [append("audit-1", [input])]));
    await worker.caughtUp();
    const [order] = await store.readStream("order-1").toArray();
    const [copy] = await store.readStream("audit-1").toArray();
    expect(copy).toMatchObject({ type: "OrderPlaced", data: { amount: 4 }, tags: ["customer:ada"], metadata: { causationId: order?.id, actorId: "ada" } });
    expect(copy?.id).not.toBe(order?.id);
  });

  test("of another instance, or of none, changes nothing of an instance", async ({ store, start }) => {
    const process = ordering(() => [], { instanceId: ({ streamId }) => (streamId === "order-2" ? null : "all") });
    await store.appendToStream("order-1", [placed()]);
    await store.appendToStream("order-2", [placed()]);
    await store.appendToStream("order-3", [placed()]);
    const { worker } = await start(process);
    await worker.caughtUp();
    expect((await store.processes.get("ordering", "all")).inputs.map(({ event: { streamId } }) => streamId)).toEqual(["order-1", "order-3"]);
    expect((await store.processes.list()).map(({ name, id }) => ({ name, id }))).toEqual([{ name: "ordering", id: "all" }]);
    await expect(store.processes.get("ordering", "order-2")).rejects.toThrow("There is no instance of a process");
  });

  test("comes as the catalogue makes it, and what it leads to is stored in the catalogue's form", async ({ openStore }) => {
    const events = defineEvents({
      Noted: {
        schema: event<{ at: Date; text: string }>(),
        version: 2,
        upcast: { 1: ({ data }) => ({ ...data, text: "none" }) },
        stored: { at: { encode: (at: Date) => at.toISOString(), decode: (text: string) => new Date(text) } },
      },
      Kept: { schema: event<{ at: Date }>(), stored: { at: { encode: (at: Date) => at.toISOString(), decode: (text: string) => new Date(text) } } },
    });
    const plain = await openStore();
    await plain.appendToStream("note-1", [{ type: "Noted", data: { at: "2026-01-02T00:00:00.000Z" } }]);
    const store = await openStore({ events });
    const keeping = defineProcess<string, Event<"Noted", { at: Date; text: string }>>({
      name: "keeping",
      handles: ["Noted"],
      instanceId: ({ streamId }) => streamId,
      initialState: () => "",
      evolve: (_state, { data: { text } }) => text,
      react: ({ data: { at } }) => [append("kept-1", [{ type: "Kept", data: { at } }]), complete()],
    });
    const worker = store.createWorker({ processes: [keeping] });
    await worker.start();
    try {
      await worker.caughtUp();
    } finally {
      await worker.stop();
    }
    expect(await store.readStream("kept-1").toArray()).toMatchObject([{ data: { at: new Date("2026-01-02") } }]);
    expect(await plain.readStream("kept-1").toArray()).toMatchObject([{ data: { at: "2026-01-02T00:00:00.000Z" } }]);
    const [read, raw] = [await store.processes.get("keeping", "note-1"), await store.processes.get("keeping", "note-1", { raw: true })];
    expect(read).toMatchObject({ status: "completed", state: "none", inputs: [{ event: { data: { at: new Date("2026-01-02"), text: "none" } } }] });
    expect(raw.inputs.map(({ event: { data } }) => data)).toEqual([{ at: "2026-01-02T00:00:00.000Z" }]);
  });
});
