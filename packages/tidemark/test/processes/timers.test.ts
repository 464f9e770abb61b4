import { append, cancelTimer, complete, timer } from "tidemark";
import { ordering, placed } from "./order.ts";
import { describe, eventually, expect, test } from "./test.ts";

const timedOut = { type: "PaymentTimedOut", data: {} } as const;
const received = { type: "PaymentReceived", data: { amount: 1 } } as const;

describe("a timer of a process", () => {
  test("is an input of its instance once it is due, though the filter and instanceId know nothing of it", async ({ store, start }) => {
    const process = ordering(
      ({ type }) => (type === "OrderPlaced" ? [timer("payment", { in: 20 }, timedOut)] : [append("notes-1", [{ type: "Ended", data: {} }]), complete()]),
      {
        filter: { categories: ["order"] },
        instanceId({ streamId }) {
          if (!streamId.startsWith("order-")) throw new Error("asked for an event of a timer");
          return streamId;
        },
      },
    );
    await store.appendToStream("order-1", [{ ...placed(), metadata: { correlationId: "request-7" } }]);
    const { worker, errors } = await start(process);
    const instance = await eventually(async () => {
      const found = await store.processes.get("ordering", "order-1");
      expect(found.status).toBe("completed");
      return found;
    });
    await worker.caughtUp();
    expect(instance).toMatchObject({ state: { seen: ["OrderPlaced", "PaymentTimedOut"] }, inputCount: 2, timers: [] });
    const [order] = await store.readStream("order-1").toArray();
    const fired = await store.readStream("ordering:order-1").toArray();
    expect(fired.map(({ type, metadata }) => ({ type, metadata }))).toMatchObject([
      { type: "PaymentTimedOut", metadata: { process: "ordering", instance: "order-1", causationId: order?.id, correlationId: "request-7" } },
    ]);
    expect(await store.readStream("notes-1").toArray()).toMatchObject([{ metadata: { causationId: fired[0]?.id, correlationId: "request-7" } }]);
    expect(errors).toEqual([]);
  });

  test("is replaced by one with the same key, and cancelled by its key", async ({ store, start }) => {
    const process = ordering(({ type }) => {
      if (type === "PaymentReceived") return [cancelTimer("payment"), cancelTimer("never")];
      return [timer("payment", { in: 1 }, timedOut), timer("payment", { at: new Date("2100-01-01") }, timedOut), timer("other", { in: 3_600_000 }, timedOut)];
    });
    await store.appendToStream("order-1", [placed()]);
    const { worker } = await start(process);
    await worker.caughtUp();
    const keys = async (): Promise<unknown> =>
      (await store.processes.get("ordering", "order-1")).timers.map(({ key, dueAt }) => ({ key, year: dueAt.getFullYear() }));
    expect(await keys()).toEqual([
      { key: "other", year: new Date().getFullYear() },
      { key: "payment", year: 2100 },
    ]);
    await store.appendToStream("order-1", [received]);
    await worker.caughtUp();
    expect((await store.processes.get("ordering", "order-1")).timers.map(({ key }) => key)).toEqual(["other"]);
    expect(await store.readStream("ordering:order-1").toArray()).toEqual([]);
  });

  test("that fires after the end of its instance is a late input", async ({ store, sql, schema, start }) => {
    const at = `"${schema.replaceAll('"', '""')}"`;
    await store.appendToStream("order-1", [placed()]);
    const { worker } = await start(ordering(({ type }) => (type === "OrderPlaced" ? [timer("payment", { in: 3_600_000 }, timedOut)] : [complete()])));
    await worker.caughtUp();
    // Its event is in the log already when the instance ends, as where both happen at one moment.
    await sql.query(`update ${at}.timers set due_at = clock_timestamp()`);
    await eventually(async () => expect(await store.readStream("ordering:order-1").toArray()).toHaveLength(1));
    await worker.caughtUp();
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ status: "completed", inputCount: 2, lateCount: 0 });
    const [fired] = await store.readStream("ordering:order-1").toArray();
    await store.appendToStream("ordering:order-1", [{ ...timedOut, metadata: fired?.metadata ?? {} }]);
    await worker.caughtUp();
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ status: "completed", inputCount: 2, lateCount: 1 });
  });

  test("with an event that the process does not handle parks the instance", async ({ store, start }) => {
    await store.appendToStream("order-1", [placed()]);
    const { worker } = await start(ordering(() => [timer("payment", { in: 1 }, { type: "Forgotten", data: {} })]));
    await worker.caughtUp();
    const { status, lastError } = await store.processes.get("ordering", "order-1");
    expect(status).toBe("parked");
    expect(lastError?.message).toContain('"Forgotten", which the process does not handle');
  });

  test("has a stream of its own also where the instance's name leaves no room for one", async ({ store, start }) => {
    const id = "o".repeat(512);
    await store.appendToStream("order-1", [placed()]);
    const process = ordering(({ type }) => (type === "OrderPlaced" ? [timer("payment", { in: 1 }, timedOut)] : [complete()]), { instanceId: () => id });
    await start(process);
    await eventually(async () => expect(await store.processes.get("ordering", id)).toMatchObject({ status: "completed" }));
  });
});
