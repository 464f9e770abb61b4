import { defineEvents, type Event, event, openEventStore, type RecordedEvent } from "tidemark";
import { codecOf } from "./stored-event.ts";
import { expect, test } from "./test.ts";

test("an append whose events cannot be read back succeeds, and ends no process", async ({ databaseUrl, schema, onTestFinished }) => {
  // It accepts a text and returns a number, which it would not accept: not for validateReads.
  const length = {
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate: (value: unknown) => (typeof value === "string" ? { value: value.length } : { issues: [{ message: "must be a text" }] }),
    },
  };
  const store = await openEventStore(databaseUrl, { schema, events: defineEvents({ Measured: length }), validateReads: true });
  onTestFinished(() => store.close());
  const told: RecordedEvent[] = [];
  const thrown: unknown[] = [];
  const keep = (error: unknown): void => void thrown.push(error);
  process.on("uncaughtException", keep);
  onTestFinished(() => void process.off("uncaughtException", keep));
  const measured: Event = { type: "Measured", data: "tea" };
  const onRecorded = (events: readonly RecordedEvent[]): void => void told.push(...events);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the schema has no types
  expect(await store.appendToStream("cart-1", [measured as never], { onRecorded })).toMatchObject({ version: 1 });
  await expect(store.readStream("cart-1").toArray()).rejects.toThrow("must be a text");
  expect([told, thrown]).toEqual([[], []]);
});

test("a state that holds an event is folded further, although nothing can decode that event any more", async ({ store, openWith }) => {
  await store.appendToStream("cart-1", [
    { type: "Broken", data: {} },
    { type: "ItemAdded", data: {} },
  ]);
  const failing = await openWith(codecOf({ ItemAdded: event() }));
  const fold = { initialState: () => 0, evolve: (count: number) => count + 1 };
  await expect(failing.aggregateStream("cart-1", fold)).rejects.toThrow("Broken");
  expect(await failing.aggregateStream("cart-1", { ...fold, from: { state: 1, version: 1 } })).toEqual({ state: 2, version: 2, exists: true });
  await expect(failing.aggregateStream("cart-1", { ...fold, from: { state: 1, version: 3 } })).rejects.toThrow("has no event of this version");
});
