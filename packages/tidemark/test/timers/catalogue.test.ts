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
