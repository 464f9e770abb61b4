import { defineEvents, openEventStore, type EventStore } from "tidemark";
import { z } from "zod";
import { expect, firedIn, test as base } from "./test.ts";

const events = defineEvents({
  Reminded: {
    version: 2,
    schema: z.object({ n: z.number(), level: z.string().default("low") }),
    upcast: { 1: ({ data }) => ({ ...data, level: "unknown" }) },
  },
});

const test = base.extend("typed", async ({ databaseUrl, schema }, { onCleanup }) => {
  const store = await openEventStore(databaseUrl, { schema, events });
  onCleanup(() => store.close());
  return store;
});

test("the catalogue checks a timer's event when it is set, and says what is stored", async ({ typed, fire }) => {
  const plain: EventStore = Object(typed);
  await expect(plain.schedule("reminder-1", { type: "Remindd", data: {} }, { key: "a", in: 0 })).rejects.toMatchObject({ code: "UNKNOWN_EVENT_TYPE" });
  await expect(plain.schedule("reminder-1", { type: "Reminded", data: { n: "1" } }, { key: "a", in: 0 })).rejects.toMatchObject({ code: "EVENT_VALIDATION" });
  expect(await typed.timers.list()).toEqual([]);
  await typed.schedule("reminder-1", { type: "Reminded", data: { n: 1 } }, { key: "a", in: 0 });
  // By a process that has no catalogue.
  await fire();
  expect(await firedIn(plain, "reminder-1")).toMatchObject([{ type: "Reminded", data: { n: 1, level: "low" }, schemaVersion: 2 }]);
});

test("of an asynchronous schema the event is taken as it was at the call", async ({ databaseUrl, schema, fire, store }) => {
  const slow = defineEvents({ Reminded: { schema: z.object({ n: z.number() }).refine(async () => true) } });
  const own = await openEventStore(databaseUrl, { schema, events: slow });
  try {
    const given = { type: "Reminded" as const, data: { n: 1 }, metadata: { actorId: "ada" }, tags: ["a"] };
    const scheduled = own.schedule("reminder-1", given, { key: "a", in: 0 });
    given.metadata.actorId = "eve";
    given.tags.push("b");
    await scheduled;
    await fire();
    expect(await firedIn(store, "reminder-1")).toMatchObject([{ tags: ["a"], metadata: { actorId: "ada" } }]);
  } finally {
    await own.close();
  }
});

test("set in a transaction that does not await it commits and rolls back with that, whatever its schema waits for", async ({ databaseUrl, schema }) => {
  // Not a statement: nothing on the connection tells that more is to come.
  const tick = (): Promise<boolean> =>
    new Promise((resolve) => {
      setImmediate(() => resolve(true));
    });
  const own = await openEventStore(databaseUrl, { schema, events: defineEvents({ Reminded: { schema: z.object({ n: z.number() }).refine(tick) } }) });
  try {
    await own.transaction(async (tx) => {
      await tx.timers.list();
      void tx.schedule("reminder-1", { type: "Reminded", data: { n: 1 } }, { key: "kept", in: 0 });
    });
    expect((await own.timers.list()).map(({ key }) => key)).toEqual(["kept"]);
    const failure = new Error("rolled back");
    const rolledBack = own.transaction(async (tx) => {
      await tx.timers.list();
      // It comes too late, and says so.
      tx.schedule("reminder-1", { type: "Reminded", data: { n: 2 } }, { key: "lost", in: 0 }).catch(() => {});
      throw failure;
    });
    await expect(rolledBack).rejects.toBe(failure);
    expect((await own.timers.list()).map(({ key }) => key)).toEqual(["kept"]);
  } finally {
    await own.close();
  }
});
