import { defineConsumer, defineProjection, type Event, event, type EventStore, type TidemarkError, UnknownEventTypeError } from "tidemark";
import type { UnknownEvents } from "../../src/catalogue/unknown-events.ts";
import { codecOf } from "./stored-event.ts";
import { describe, eventually, expect, test } from "./test.ts";

/** Code that is being replaced: it knows version 1, in which the thing is called `sku`. */
const before = (unknownEvents?: UnknownEvents): ReturnType<typeof codecOf> => codecOf({ ItemAdded: event(), CartClosed: event() }, { unknownEvents });
/** What replaces it says it in other words. */
const newer = codecOf({ ItemAdded: { schema: event(), version: 2, upcast: { 1: ({ data }: { data: { sku: string } }) => ({ item: data.sku }) } } });

const tea: Event = { type: "ItemAdded", data: { sku: "tea" } };
const filter = { types: ["ItemAdded"], data: { sku: "tea" } };

/** An event that the older code knows, and one that only newer code can have written. */
async function writeBoth(old: EventStore, today: EventStore): Promise<void> {
  await old.appendToStream("cart-1", [tea, { type: "ItemAdded", data: { sku: "jam" } }]);
  await today.appendToStream("cart-1", [{ type: "ItemAdded", data: { item: "tea" } }]);
}

describe("a filter by data, where newer code says it in other words", () => {
  test("reads", async ({ openWith }) => {
    const old = await openWith(before());
    await writeBoth(old, await openWith(newer));
    for (const given of [filter, { data: { sku: "tea" } }, [{ types: ["CartClosed"] }, filter]]) {
      await expect(old.readAll({ filter: given }).toArray()).rejects.toThrow(UnknownEventTypeError);
      const [skipping, passing] = [await openWith(before("skip")), await openWith(before("pass"))];
      for (const store of [skipping, passing]) expect(await store.readAll({ filter: given }).toArray()).toMatchObject([tea]);
      expect(await old.readAll({ filter: given, raw: true }).toArray()).toMatchObject([tea]);
    }
  });

  test("meets an unknown type only where it names none", async ({ store, openWith }) => {
    await store.appendToStream("cart-1", [tea, { type: "Unheard", data: { item: "tea" } }]);
    const old = await openWith(before());
    expect(await old.readAll({ filter }).toArray()).toMatchObject([tea]);
    for (const given of [undefined, {}, { data: { sku: "tea" } }, { categories: ["cart"] }]) {
      await expect(old.readAll({ ...(given && { filter: given }) }).toArray()).rejects.toThrow(UnknownEventTypeError);
    }
  });

  test("subscribes, from the log and from its tail", async ({ openWith }) => {
    const [old, today] = [await openWith(before()), await openWith(newer)];
    await writeBoth(old, today);
    const seen: unknown[] = [];
    await expect(
      (async () => {
        for await (const { data } of old.subscribe({ filter })) seen.push(data);
      })(),
    ).rejects.toThrow(UnknownEventTypeError);
    expect(seen).toEqual([tea.data]);
    await expect(
      (async () => {
        const live = old.subscribe({
          filter,
          after: "end",
          onCaughtUp: () => void today.appendToStream("cart-2", [{ type: "ItemAdded", data: { item: "tea" } }]),
        });
        for await (const { data } of live) seen.push(data);
      })(),
    ).rejects.toThrow(UnknownEventTypeError);
  });

  test("consumes: the event becomes a dead letter", async ({ openWith }) => {
    const old = await openWith(before());
    await writeBoth(old, await openWith(newer));
    const worker = old.createWorker({ consumers: [defineConsumer({ name: "tea", filter, handle() {} })] });
    await worker.start();
    await worker.caughtUp();
    await worker.stop();
    expect((await old.deadLetters.list()).map(({ event: { version } }) => version)).toEqual([3]);
  });

  test("projects: the projection stops", async ({ openWith }) => {
    const source = defineProjection({ name: "tea", mode: "async", handles: ["ItemAdded"], filter: { data: { sku: "tea" } }, handle() {} });
    const old = await openWith(before(), { projections: [source] });
    await writeBoth(old, await openWith(newer));
    const errors: TidemarkError[] = [];
    const worker = old.createWorker({ onError: (error) => void errors.push(error) });
    await worker.start();
    await eventually(() => expect(errors.map(({ message }) => message).join()).toContain("version 2"));
    await worker.stop();
  });
});
