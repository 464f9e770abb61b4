import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { type BoundaryDecider, executeCommand, handleCommand, type MultiStreamDecider } from "../../src/index.ts";
import { isPGlite } from "../../src/arguments/pool-options.ts";
import { startPGlite } from "../../src/database/pglite-start.ts";
import { openTestStore } from "../../src/testing/index.ts";
import { add, cart, type CartEvent, confirm } from "../commands/cart.ts";
import { itemAdded } from "../support/cart.ts";
import { type CourseEvent, seatOf, seatTaken } from "../support/courses.ts";

describe("a test store", () => {
  test("is empty, shares nothing with another one, and opens in milliseconds", async () => {
    await using _first = await openTestStore();
    const took: number[] = [];
    for (let n = 0; n < 5; n++) {
      const before = process.cpuUsage();
      await using store = await openTestStore();
      const { user, system } = process.cpuUsage(before);
      took.push((user + system) / 1_000);
      expect(await store.readAll().toArray()).toEqual([]);
      await store.appendToStream("cart-1", [itemAdded()]);
      expect(await store.highWaterMark()).toBe(1);
    }
    // The time of the processor: other programs on the machine lengthen the clock's.
    expect(took.toSorted((a, b) => a - b)[2], `All five, in milliseconds: ${took.map(Math.round).join(", ")}`).toBeLessThan(400);
  });

  test("leaves nothing behind when it closes", async () => {
    await using other = await openTestStore();
    const schemas = async (): Promise<number> => (await other.query("select from pg_catalog.pg_namespace where nspname like 'test\\_%'")).rowCount ?? 0;
    const before = await schemas();
    const store = await openTestStore();
    await store.appendToStream("cart-1", [itemAdded()]);
    expect(await schemas()).toBe(before + 1);
    await store.close();
    await store.close();
    expect(await schemas()).toBe(before);
    await expect(store.highWaterMark()).rejects.toMatchObject({ code: "STORE_CLOSED" });
  });

  test("keeps no process alive once it is closed", async () => {
    // PostgreSQL's own timer would keep it for ten seconds. Here a timer so long takes an hour, and nothing has to be quick.
    const program = `
      const { setTimeout } = globalThis;
      globalThis.setTimeout = (work, ms, ...rest) => setTimeout(work, ms > 5_000 ? 3_600_000 : ms, ...rest);
      const { openTestStore } = await import("tidemark/testing");
      await (await openTestStore()).close();
      process.on("exit", () => console.log("over"));
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=source", "--input-type=module", "--eval", program], { timeout: 200_000 });
    expect(stdout).toBe("over\n");
  });

  test("and scenarios work under node:test, whose report tells a failure's difference", async () => {
    const program = `
      import test from "node:test";
      import { handleCommand } from "tidemark";
      import { openTestStore, scenario, storeContract } from "tidemark/testing";
      const counter = { initialState: () => 0, evolve: (n) => n + 1, decide: (count) => Array.from({ length: count }, () => ({ type: "Counted", data: {} })) };
      test("passes", () => scenario(counter).given([]).when(1).then([{ type: "Counted", data: {} }]));
      test("fails", () => scenario(counter).given([]).when(1).then([{ type: "Recounted", data: {} }]));
      test("stores", async () => {
        await using store = await openTestStore({ conflicts: [1] });
        if ((await handleCommand(store, counter, "counter-1", 1)).attempts !== 2) throw new Error("no conflict");
      });
      storeContract({ test: (name, run) => name === "versions have no gaps, and positions rise" && test(name, run), open: openTestStore });
    `;
    const run = promisify(execFile)(process.execPath, ["--conditions=source", "--input-type=module", "--test-reporter=tap", "--eval", program]);
    const { stdout } = await run.catch((error: { readonly stdout: string }) => error);
    expect(stdout).toMatch(/^# pass 3$/m);
    expect(stdout).toMatch(/^# fail 1$/m);
    expect(stdout).toMatch(/not ok 2 - fails[^]*\+ +type: 'Counted'[^]*- +type: 'Recounted'/);
  });

  test("takes its times and ids from the test", async () => {
    let n = 0;
    await using store = await openTestStore({
      now: () => new Date("2020-02-29T12:00:00Z"),
      createId: () => `0198c0de-0000-7000-8000-${String(++n).padStart(12, "0")}`,
    });
    const { events } = await handleCommand(store, cart, "cart-1", [add("tea"), confirm]);
    expect(events.map(({ id, recordedAt }) => [id.slice(-2), recordedAt.toISOString()])).toEqual([
      ["01", "2020-02-29T12:00:00.000Z"],
      ["02", "2020-02-29T12:00:00.000Z"],
    ]);
  });

  test("refuses options that are none", async () => {
    await expect(openTestStore({ conflicts: [0] })).rejects.toMatchObject({ path: "options.conflicts[0]" });
    // @ts-expect-error -- no such fault
    await expect(openTestStore({ faults: [{ append: 1, kind: "fire" }] })).rejects.toMatchObject({ path: "options.faults[0].kind" });
    // @ts-expect-error -- a misspelt option
    await expect(openTestStore({ conflict: [1] })).rejects.toMatchObject({ path: "options.conflict" });
  });

  test("on a PGlite of the test's own keeps its events there", async () => {
    const { instance, close } = await startPGlite(undefined);
    if (!isPGlite(instance)) throw new Error("it is one");
    {
      await using store = await openTestStore({ pool: instance, schema: "mine", faults: [{ append: 1, kind: "lost-reply" }] });
      await store.appendToStream("cart-1", [itemAdded()]);
    }
    expect((await instance.query("select from mine.events")).rows).toHaveLength(1);
    await close();
  });
});

describe("a planned conflict", () => {
  test("is lost to another writer, who appends what was to be appended", async () => {
    await using store = await openTestStore({ conflicts: [1, 3] });
    const first = await handleCommand(store, { ...cart, decide: () => [{ type: "ItemAdded" as const, data: { sku: "tea" } }] }, "cart-1", confirm);
    expect(first).toMatchObject({ attempts: 2, version: 2, state: { items: ["tea", "tea"] } });
    // The third append: it loses, and the fourth finds nothing left to do.
    expect(await handleCommand(store, cart, "cart-1", add("mug"))).toMatchObject({ attempts: 2, version: 3, events: [] });
    expect(await handleCommand(store, cart, "cart-1", add("jam"))).toMatchObject({ attempts: 1, version: 4 });
  });

  test("is lost to the events that the test names", async () => {
    await using store = await openTestStore({ conflicts: [{ append: 1, events: [{ type: "CartConfirmed", data: { items: 0 } }] }] });
    await expect(handleCommand(store, cart, "cart-1", add("tea"))).rejects.toThrow("the cart is confirmed");
    expect(await store.readAll().toArray()).toHaveLength(1);
  });

  test("happens to appends of several streams, of tenants and in transactions, too", async () => {
    await using store = await openTestStore({ conflicts: [1, 2, 4] });
    await expect(
      store.appendToStreams([
        { streamId: "a", events: [] },
        { streamId: "b", events: [itemAdded()], expectedVersion: 0 },
      ]),
    ).rejects.toMatchObject({
      conflicts: [{ streamId: "b", expected: 0, actual: 1 }],
    });
    await expect(store.forTenant("acme").appendToStream("a", [itemAdded()], { expectedVersion: "no-stream" })).rejects.toMatchObject({
      code: "VERSION_CONFLICT",
    });
    await store.withMetadata({ actorId: "ada" }).append([{ ...itemAdded(), tags: ["a:1"] }]);
    const attempts = await store.transaction(async (tx) => (await handleCommand(tx, cart, "cart-1", add("tea"))).attempts);
    expect(attempts).toBe(2);
  });

  test("of an append on a condition comes before it, and a command by query is decided again", async () => {
    const condition = { query: seatOf("c1") };
    await using store = await openTestStore({ conflicts: [1, { append: 2, events: [seatTaken("c2", "s1")] }] });
    await expect(store.append([seatTaken("c1", "s1")], { condition })).rejects.toMatchObject({ code: "CONDITION_FAILED", streamId: "course-c1" });
    // What the other writer appends here is no match.
    const { boundary } = await store.readBoundary(condition.query);
    await store.append([seatTaken("c1", "s2")], { condition: { ...condition, after: boundary } });
    await using contested = await openTestStore({ conflicts: [1] });
    const enrol: BoundaryDecider<number, string, CourseEvent> = {
      query: seatOf("c1"),
      initialState: () => 0,
      evolve: (taken) => taken + 1,
      decide: (student, taken) => (taken < 2 ? [seatTaken("c1", student)] : []),
    };
    expect(await executeCommand(contested, enrol, "s1")).toMatchObject({ attempts: 2, state: 2 });
  });

  test("of an append that cannot lose is refused", async () => {
    await using store = await openTestStore({ conflicts: [1, 2] });
    await expect(store.appendToStream("a", [itemAdded()])).rejects.toMatchObject({ path: "options.conflicts" });
    await expect(store.append([{ ...itemAdded(), tags: ["a:1"] }])).rejects.toMatchObject({ path: "options.conflicts" });
    await expect(store.append([itemAdded()])).rejects.toMatchObject({ path: "options.streamId" });
  });

  test("makes a command over several streams decide again when a stream moves that it only reads", async () => {
    await using store = await openTestStore({ conflicts: [{ append: 1, events: [itemAdded("limit")] }] });
    const limited: MultiStreamDecider<number, undefined, CartEvent> = {
      reads: ["limit-1", "cart-1"],
      initialState: () => 0,
      evolve: (count) => count + 1,
      decide: (_command, count) => [{ streamId: "cart-1", events: [{ type: "CartConfirmed", data: { items: count } }] }],
    };
    const { attempts, events } = await executeCommand(store, limited, undefined);
    expect([attempts, events[0]?.data]).toEqual([2, { items: 1 }]);
  });
});

describe("a planned fault", () => {
  for (const kind of ["lost-reply", "refused"] as const) {
    test(`of kind ${kind} is resolved by the store: one result, one event`, async () => {
      await using store = await openTestStore({ faults: [{ append: 2, kind }] });
      await store.appendToStream("cart-1", [itemAdded()]);
      expect(await store.appendToStream("cart-1", [itemAdded("mug")], { expectedVersion: 1 })).toMatchObject({ version: 2 });
      expect((await store.streamInfo("cart-1")).version).toBe(2);
    });
  }

  test("of kind lost-reply really loses the reply of a statement that was run", async () => {
    await using store = await openTestStore({ faults: [{ append: 1, kind: "lost-reply" }] });
    // Inside a transaction nothing is sent again, so that it shows.
    const failing = store.transaction((tx) => tx.appendToStream("cart-1", [itemAdded()]));
    await expect(failing).rejects.toMatchObject({ code: "CONNECTION", sent: true });
  });

  test("of kind refused really refuses, before anything is run", async () => {
    await using store = await openTestStore({ faults: [{ append: 1, kind: "refused" }] });
    const outcome = store.transaction(async (tx) => {
      await expect(tx.appendToStream("cart-1", [itemAdded()])).rejects.toMatchObject({ code: "DATABASE", sqlState: "53300" });
      return (await tx.readStream("cart-1").toArray()).length;
    });
    expect(await outcome).toBe(0);
  });

  test("of kind unknown is written, and names the ids to repeat it with", async () => {
    await using store = await openTestStore({ faults: [{ append: 1, kind: "unknown" }] });
    const event = itemAdded();
    const outcome = await store.appendToStream("cart-1", [event]).catch((error: unknown) => error);
    expect(outcome).toMatchObject({ code: "OUTCOME_UNKNOWN", retryable: true, eventIds: [expect.any(String)] });
    const [stored] = await store.readStream("cart-1").toArray();
    expect(outcome).toMatchObject({ eventIds: [stored?.id] });
    expect(await store.appendToStream("cart-1", [{ ...event, id: stored?.id ?? "" }])).toMatchObject({ version: 1 });
  });

  test("leaves a command with an id carried out once", async () => {
    await using store = await openTestStore({ faults: [{ append: 1, kind: "unknown" }] });
    await expect(handleCommand(store, cart, "cart-1", confirm, { commandId: "once" })).rejects.toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(await handleCommand(store, cart, "cart-1", confirm, { commandId: "once" })).toMatchObject({ version: 1, events: [{ version: 1 }] });
  });
});
