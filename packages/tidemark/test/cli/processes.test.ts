import { append } from "tidemark";
import { ordering, placed } from "../processes/order.ts";
import { describe, expect, test as base } from "../support/test.ts";
import { documentOf, documentsOf, type Ended, inside, type InsideOptions } from "./run.ts";

/** Two instances, of which the second is parked at its second input; `mend` lets it go on. */
const test = base.extend("orders", async ({ openStore, databaseUrl, schema }, { onCleanup }) => {
  const store = await openStore();
  let broken = true;
  const process = ordering(({ type, streamId }) => {
    if (broken && type === "PaymentReceived") throw Object.assign(new Error("no bank"), { code: "EBANK" });
    return [append(`notes-${streamId}`, [{ type: "Noted", data: {} }])];
  });
  await store.appendToStream("order-1", [placed()]);
  await store.appendToStream("order-2", [placed(), { type: "PaymentReceived", data: { amount: 1 } }]);
  const worker = store.createWorker({ processes: [process], onError: () => {} });
  onCleanup(() => worker.stop());
  await worker.start();
  await worker.caughtUp();
  const command = (args: readonly string[], options?: InsideOptions): Promise<Ended> =>
    inside(["processes", ...args, "--schema", schema], { ...options, env: { DATABASE_URL: databaseUrl } });
  return {
    command,
    store,
    worker,
    mend: () => {
      broken = false;
    },
  };
});

describe("tidemark processes", () => {
  test("lists instances with their status, and those that are asked for", async ({ orders: { command } }) => {
    const { code, stdout, stderr } = await command(["list"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^number  process   version  instance  status   inputs  late  changed +error\n +1  ordering +1  order-1 {3}running  1 +0  20\S+Z\n +2  ordering +1  order-2 {3}parked {3}1 of 2 +0  20\S+Z  \[EBANK\] no bank\n$/,
    );
    const ids = async (...args: readonly string[]): Promise<unknown[]> =>
      documentsOf(await command(["list", "--json", ...args])).map((one) => Reflect.get(Object(one), "id"));
    expect(await ids("--status", "parked")).toEqual(["order-2"]);
    expect(await ids("--name", "ordering", "--after", "1")).toEqual(["order-2"]);
    expect(await ids("--version", "1", "--limit", "1")).toEqual(["order-1"]);
    expect(await ids("--version", "2")).toEqual([]);
    expect(await command(["list", "--name", "others"])).toEqual({ code: 0, stdout: "", stderr: "There are no instances.\n" });
    expect((await command(["list", "--limit", "1"])).stderr).toBe("There may be more than these 1: see --limit and --after.\n");
  });

  test("lists versions, and says which one is needed and has no worker", async ({ orders: { command, worker } }) => {
    const { stdout, stderr } = await command(["versions", "ordering"]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^process   version  starts +at  open  parked  pending  workers  needed\nordering +1  after 0 +\d+ +2 +1 +0 +1 +yes\n$/);
    await worker.stop();
    expect((await command(["versions"])).stderr).toBe("Version 1 of ordering is needed, and no worker runs it.\n");
    expect(documentsOf(await command(["versions", "--json"]))).toMatchObject([{ name: "ordering", version: 1, openCount: 2, needed: true, workers: 0 }]);
    expect((await command(["versions", "others"])).stderr).toBe("No worker has run a process.\n");
  });

  test("shows one with its inputs, commands and state", async ({ orders: { command } }) => {
    const { stdout } = await command(["show", "ordering", "order-2"]);
    expect(stdout).toContain("PaymentReceived of order-2, position 3, waits");
    expect(stdout).toContain("done, notes-order-2, 1 attempt\n");
    expect(stdout).toContain('"seen": [\n    "OrderPlaced"\n  ]');
    expect(documentOf(await command(["show", "ordering", "order-2", "--json"]))).toMatchObject({
      status: "parked",
      lastError: { code: "EBANK", message: "no bank" },
      inputs: [
        { number: 1, handled: true, event: { type: "OrderPlaced" } },
        { number: 2, handled: false },
      ],
      commands: [{ kind: "append", status: "done", streamId: "notes-order-2" }],
    });
    expect(await command(["show", "ordering", "order-9"])).toMatchObject({ code: 1, stderr: expect.stringContaining("There is no instance of a process") });
  });

  test("lets a parked one go on", async ({ orders: { command, store, worker, mend } }) => {
    mend();
    expect(await command(["retry", "ordering", "order-2"])).toMatchObject({
      code: 0,
      stdout: "The instance goes on as soon as a worker of ordering comes to it.\n",
    });
    await worker.caughtUp();
    expect(await store.processes.get("ordering", "order-2")).toMatchObject({ status: "running", handledCount: 2 });
  });

  test("ends one, if that is meant", async ({ orders: { command, store } }) => {
    expect(await command(["cancel", "ordering", "order-1"])).toMatchObject({ code: 2, stderr: expect.stringContaining("It would never go on.") });
    expect(documentOf(await command(["cancel", "ordering", "order-1", "--yes", "--json"]))).toEqual({ cancelled: 1 });
    expect(await store.processes.get("ordering", "order-1")).toMatchObject({ status: "cancelled" });
  });
});
