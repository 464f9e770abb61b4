import { setTimeout as pause } from "node:timers/promises";
import { defineProjection, type Event, InvalidArgumentError, openEventStore, type RecordedEvent } from "tidemark";
import { vi } from "vitest";
import { describe, eventsOf, eventually, expect, firedIn, reminded, test } from "./test.ts";

/** When a timer said that it was due. */
function dueAt({ metadata }: RecordedEvent): number {
  const { timer } = metadata;
  const due = timer instanceof Object && "dueAt" in timer ? timer["dueAt"] : undefined;
  return typeof due === "string" ? Date.parse(due) : Number.NaN;
}

describe("a timer", () => {
  test("appends its event when it is due, under the id that it was given, and is gone", async ({ store, fire }) => {
    await fire();
    const event = { ...reminded(7), tags: ["order:1"], metadata: { correlationId: "c-1" } };
    const { dueAt, eventId, key } = await store.schedule("reminder-1", event, { key: "r-1", in: 200 });
    const [fired] = await firedIn(store, "reminder-1");
    expect(fired).toMatchObject({ id: eventId, type: "Reminded", data: { n: 7 }, tags: ["order:1"], version: 1 });
    expect(fired?.metadata).toEqual({ correlationId: "c-1", timer: { key, dueAt: dueAt.toISOString() } });
    expect(fired?.recordedAt.getTime()).toBeGreaterThanOrEqual(dueAt.getTime());
    expect(await store.timers.list()).toEqual([]);
    expect(await store.timers.cancel("r-1")).toBe(false);
  });

  test("stays without a worker, or with one that does not fire timers", async ({ store, fire }) => {
    await expect(fire(store, { timers: false })).rejects.toThrow(InvalidArgumentError);
    await expect(fire(store, {})).rejects.toThrow("write timers: true");
    await store.schedule("reminder-1", reminded(), { key: "r-1", at: new Date(0) });
    const [timer] = await store.timers.list();
    expect(timer).toMatchObject({ key: "r-1", dueAt: new Date(0), attempts: 0, parked: false, error: undefined });
    expect(await eventsOf(store, "reminder-1")).toEqual([]);
  });

  test("keeps its own metadata.timer, and gets that of enrichers and scopes when it is set", async ({ store, fire }) => {
    await fire();
    const traced = store.withMetadata({ actorId: "ada" });
    await traced.schedule("reminder-1", { ...reminded(), metadata: { timer: "mine" } }, { key: "r-1", in: 0 });
    const [fired] = await firedIn(store, "reminder-1");
    expect(fired?.metadata).toEqual({ actorId: "ada", timer: "mine" });
  });

  test("is replaced by the same key, and fires once", async ({ store, fire }) => {
    await store.schedule("reminder-1", reminded(1), { key: "r-1", at: new Date(0) });
    await store.schedule("reminder-2", reminded(2), { key: "r-1", at: new Date(0) });
    await store.schedule("reminder-2", reminded(3), { key: "r-3", at: new Date(1) });
    await fire();
    expect((await firedIn(store, "reminder-2", 2)).map(({ data }) => data)).toEqual([{ n: 2 }, { n: 3 }]);
    expect(await eventsOf(store, "reminder-1")).toEqual([]);
  });

  test("that was cancelled does not fire, while those behind it do", async ({ store, fire }) => {
    await store.schedule("reminder-1", reminded(1), { key: "r-1", at: new Date(0) });
    await store.schedule("reminder-2", reminded(2), { key: "r-2", at: new Date(1) });
    expect(await store.timers.cancel("r-1")).toBe(true);
    await fire();
    await firedIn(store, "reminder-2");
    expect(await eventsOf(store, "reminder-1")).toEqual([]);
  });

  test("commits and rolls back with the transaction that sets or cancels it", async ({ store, fire }) => {
    const failure = new Error("rolled back");
    await store.schedule("reminder-1", reminded(1), { key: "kept", at: new Date(0) });
    const rolledBack = store.transaction(async (tx) => {
      expect(await tx.timers.cancel("kept")).toBe(true);
      await tx.schedule("reminder-2", reminded(2), { key: "lost", at: new Date(0) });
      expect((await tx.timers.list()).map(({ key }) => key)).toEqual(["lost"]);
      throw failure;
    });
    await expect(rolledBack).rejects.toBe(failure);
    await store.transaction(async (tx) => {
      await tx.appendToStream("reminder-3", [reminded(3)]);
      // Not awaited: the commit waits for it.
      void tx.schedule("reminder-3", reminded(4), { key: "set", in: 0 });
      // Nor this one, which asks the database for its clock first.
      void tx.schedule("reminder-4", reminded(5), { key: "recurring", cron: "0 0 1 1 *" });
    });
    expect((await store.timers.list()).map(({ key }) => key)).toEqual(["kept", "set", "recurring"]);
    await fire();
    expect((await firedIn(store, "reminder-3", 2)).map(({ data }) => data)).toEqual([{ n: 3 }, { n: 4 }]);
    await firedIn(store, "reminder-1");
    expect(await eventsOf(store, "reminder-2")).toEqual([]);
  });

  test("set in the caller's own transaction fires once that has committed", async ({ store, fire, client }) => {
    await fire();
    const own = await client();
    await own.query("begin");
    await store.withTransaction(own).schedule("reminder-1", reminded(1), { key: "r-1", at: new Date(0) });
    await store.schedule("reminder-2", reminded(2), { key: "r-2", at: new Date(0) });
    await firedIn(store, "reminder-2");
    expect(await eventsOf(store, "reminder-1")).toEqual([]);
    await own.query("commit");
    await firedIn(store, "reminder-1");
  });

  test("of a tenant fires in that tenant's worker alone", async ({ store, fire }) => {
    const acme = store.forTenant("acme");
    await acme.schedule("reminder-1", reminded(1), { key: "r-1", at: new Date(0) });
    await store.schedule("reminder-1", reminded(2), { key: "r-1", at: new Date(0) });
    await fire();
    expect(await firedIn(store, "reminder-1")).toMatchObject([{ data: { n: 2 } }]);
    expect(await acme.timers.list()).toHaveLength(1);
    await fire(acme);
    expect(await firedIn(acme, "reminder-1")).toMatchObject([{ data: { n: 1 }, tenant: "acme" }]);
  });

  test("set in a handler commits with its checkpoint", async ({ store, fire }) => {
    const { defineConsumer } = await import("tidemark");
    const consumer = defineConsumer({
      name: "reminders",
      filter: { types: ["OrderPlaced"] },
      handle: async (event, context) => {
        await context.schedule(`reminder-${event.streamId}`, reminded(1), { key: event.streamId, in: 0 });
        expect((await context.timers.list()).map(({ key }) => key)).toEqual([event.streamId]);
      },
    });
    await store.appendToStream("order-1", [{ type: "OrderPlaced", data: {} }]);
    await fire(store, { consumers: [consumer] });
    await firedIn(store, "reminder-order-1");
  });
});

describe("many timers", () => {
  test("fire exactly once each with several workers, never early by the database's clock", async ({ store, openStore, fire }) => {
    const others = await Promise.all([openStore(), openStore()]);
    for (const on of [store, store, ...others]) await fire(on);
    const keys = Array.from({ length: 400 }, (_, n) => `r-${n}`);
    await Promise.all(keys.map((key, n) => (others[n % 2] ?? store).schedule(`reminder-${n % 37}`, reminded(n), { key, in: (n * 7) % 1_000 })));
    await eventually(async () => expect(await store.timers.list()).toEqual([]));
    const events = await store.readAll({ filter: { categories: ["reminder"] } }).toArray();
    expect(events.map(({ data }) => data).toSorted((a, b) => Number(Object.values(Object(a))[0]) - Number(Object.values(Object(b))[0]))).toEqual(
      keys.map((_, n) => ({ n })),
    );
    for (const event of events) expect(event.recordedAt.getTime()).toBeGreaterThanOrEqual(dueAt(event));
  });

  test("that are overdue fire at once, in the order in which they were due, however many workers there are", async ({ store, openStore, fire }) => {
    const other = await openStore();
    const count = 350;
    // In another order than that of their keys and streams.
    await store.transaction(async (tx) => {
      for (let n = 0; n < count; n++) await tx.schedule(`reminder-${n % 7}`, reminded(n), { key: `r-${(n * 101) % count}`, at: new Date(1_000 + n) });
    });
    await Promise.all([fire(), fire(other), fire(other)]);
    await eventually(async () => expect(await store.timers.list({ limit: 1 })).toEqual([]));
    const events = await store.readAll({ filter: { categories: ["reminder"] } }).toArray();
    expect(events.map(({ data }) => data)).toEqual(Array.from({ length: count }, (_, n) => ({ n })));
  });

  test("that are overdue leave appends half of the time: each transaction is followed by a rest as long", async ({
    databaseUrl,
    schema,
    fire,
    onTestFinished,
  }) => {
    const busyMs = 300;
    const slow = defineProjection<Event<"Reminded", { n: number }>>({
      name: "slow",
      mode: "inline",
      handles: ["Reminded"],
      // Once in each full transaction.
      handle: async ({ data: { n } }) => void (n % 100 === 0 && (await pause(busyMs))),
    });
    const store = await openEventStore(databaseUrl, { schema, projections: [slow] });
    onTestFinished(() => store.close());
    const sleeps = vi.spyOn(globalThis, "setTimeout");
    onTestFinished(() => {
      sleeps.mockRestore();
    });
    await store.transaction(async (tx) => {
      for (let n = 0; n < 300; n++) await tx.schedule(`reminder-${n}`, reminded(n), { key: `r-${n}`, at: new Date(1_000 + n) });
    });
    await fire(store);
    await eventually(async () => expect(await store.timers.list({ limit: 1 })).toEqual([]));
    const times = [...new Set((await store.readAll({ filter: { categories: ["reminder"] } }).toArray()).map(({ recordedAt }) => recordedAt.getTime()))];
    expect(times).toHaveLength(3);
    for (const [index, time] of times.slice(1).entries()) expect(time - (times[index] ?? 0)).toBeGreaterThanOrEqual(2 * busyMs);
    // A busy machine spends as much between two transactions that do not rest. Only a rest is measured, and so is no whole number.
    await eventually(() => expect(sleeps.mock.calls.filter(([, ms = 0]) => ms >= busyMs && !Number.isInteger(ms)).length).toBeGreaterThanOrEqual(3));
  });
});

describe("the list of timers", () => {
  test("goes by due time and key, page by page, and up to a time", async ({ store }) => {
    for (const [key, at] of [
      ["c", 3],
      ["b", 2],
      ["d", 2],
      ["a", 9],
    ] as const)
      await store.schedule("reminder-1", reminded(), { key, at: new Date(at) });
    const keys = async (query?: Parameters<typeof store.timers.list>[0]): Promise<readonly string[]> => (await store.timers.list(query)).map(({ key }) => key);
    expect(await keys()).toEqual(["b", "d", "c", "a"]);
    const [, last] = await store.timers.list({ limit: 2 });
    expect(await keys(last && { after: last, limit: 1 })).toEqual(["c"]);
    expect(await keys({ after: { dueAt: new Date(2), key: "b" }, dueBefore: new Date(9) })).toEqual(["d", "c"]);
    await expect(keys({ after: Object({ dueAt: new Date(2) }) })).rejects.toThrow("query.after must be the last timer of the page before");
    await expect(keys(Object({ dueBfore: new Date(2) }))).rejects.toThrow('did you mean "dueBefore"');
  });
});

test("options that do not say when, or say it twice, are refused before anything is sent", async ({ store }) => {
  const refused = async (options: unknown, message: string): Promise<void> => {
    await expect(store.schedule("reminder-1", reminded(), Object(options))).rejects.toThrow(message);
  };
  await refused({ in: 1 }, "options.key is missing");
  await refused({ key: "a" }, "options must say when");
  await refused({ key: "a", in: 1, at: new Date() }, "options.in cannot go with at");
  await refused({ key: "a", in: 1, cron: "* * * * *" }, "options.cron cannot go with in");
  await refused({ key: "a", in: 1.5 }, "options.in must be a whole number");
  await refused({ key: "a", at: "2030-01-01" }, "options.at must be a Date");
  await refused({ key: "a", in: 1, timeZone: "UTC" }, "options.timeZone goes with cron alone");
  await refused({ key: "a", in: 1, missed: "each" }, "options.missed goes with cron alone");
  await refused({ key: "a", cron: "61 * * * *" }, "options.cron is");
  await refused({ key: "a", cron: "2030-01-01T00:00:00" }, "options.cron must be a cron pattern");
  await refused({ key: "a", cron: "0 0 30 2 *" }, "options.cron never comes");
  await refused({ key: "a", cron: "* * * * *", timeZone: "Europe/Roma" }, "options.timeZone is");
  await refused({ key: "a", cron: "* * * * *", mised: "once" }, 'did you mean "missed"');
  await expect(store.schedule("", reminded(), { key: "a", in: 1 })).rejects.toThrow("streamId is empty");
  const own = { ...reminded(), id: crypto.randomUUID() };
  await expect(store.schedule("reminder-1", own, { key: "a", cron: "* * * * *" })).rejects.toThrow("event.id cannot be given with cron");
  expect(await store.timers.list()).toEqual([]);
});
