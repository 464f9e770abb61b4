import type { EventStore, RecordedEvent, SubscribeOptions } from "tidemark";
import { sampleCodec } from "./sample-codec.ts";
import { describe, expect, test } from "./test.ts";

const say = ({ type, position, part }: RecordedEvent): string => `${type} ${position}${part === undefined ? "" : `.${part}`}`;

/** What a subscription delivers until it has caught up, in batches. */
async function delivered(store: EventStore, options: SubscribeOptions = {}, size = 100): Promise<string[][]> {
  const enough = new AbortController();
  const batches: string[][] = [];
  try {
    for await (const batch of store.subscribe({ ...options, signal: enough.signal, onCaughtUp: () => enough.abort() }).batches(size))
      batches.push(batch.map(say));
  } catch (error) {
    if (!enough.signal.aborted) throw error;
  }
  return batches;
}

async function writeOld(store: EventStore): Promise<void> {
  await store.appendToStream("cart-1", [
    { type: "CartOpened", data: { by: "ada" } },
    { type: "BasketFilled", data: { skus: ["tea", "jam"] } },
    { type: "CartTouched", data: {} },
    { type: "ItemAdded", data: { item: "oil" } },
  ]);
}

describe("a subscription to events that outlived their code", () => {
  test("delivers what today's code knows, with all parts of an event in one batch", async ({ store, openWith }) => {
    await writeOld(store);
    const today = await openWith(sampleCodec("today"));
    expect(await delivered(today, {}, 1)).toEqual([["CartCreated 1"], ["ItemAdded 2.0", "ItemAdded 2.1"], ["ItemAdded 4"]]);
    // The position of a batch's last event is one to go on from.
    expect(await delivered(today, { after: 2 })).toEqual([["ItemAdded 4"]]);
    expect(await delivered(today, { raw: true })).toEqual([["CartOpened 1", "BasketFilled 2", "CartTouched 3", "ItemAdded 4"]]);
  });

  test("finds them under the names that they were stored by, in the log and in the tail", async ({ store, openWith }) => {
    await writeOld(store);
    const today = await openWith(sampleCodec("today"));
    const seen: string[] = [];
    const subscription = today.subscribe({ filter: { types: ["ItemAdded"], data: { sku: "jam" } } });
    const events = subscription[Symbol.asyncIterator]();
    const next = async (): Promise<void> => {
      const { value } = await events.next();
      seen.push(value ? say(value) : "end");
    };
    await next();
    const coming = next();
    await store.appendToStream("cart-2", [
      { type: "CartOpened", data: { sku: "jam" } },
      { type: "ItemAdded", data: { item: "jam" } },
    ]);
    await coming;
    await events.return?.();
    expect(seen).toEqual(["ItemAdded 2.1", "ItemAdded 6"]);
    expect(await delivered(today, { filter: { types: ["BasketFilled"] }, raw: true })).toEqual([["BasketFilled 2"]]);
  });

  test("delivers the shapes that its reader still knows", async ({ store, openWith }) => {
    await writeOld(store);
    const today = await openWith(sampleCodec("today"));
    for await (const { data, schemaVersion } of today.subscribe({ as: { ItemAdded: 1 }, after: 3 })) {
      expect([data, schemaVersion]).toEqual([{ item: "oil" }, 1]);
      break;
    }
    expect(() => today.subscribe({ as: { ItemAdded: 1.5 } })).toThrow("options.as.ItemAdded");
  });

  test("rejects at an event that cannot be decoded, after all that comes before it", async ({ store, openWith }) => {
    await writeOld(store);
    await store.appendToStream("cart-2", [
      { type: "ItemSpoiled", data: {} },
      { type: "ItemAdded", data: { item: "rye" } },
    ]);
    const today = await openWith(sampleCodec("today"));
    const seen: string[] = [];
    const reading = (async () => {
      for await (const event of today.subscribe()) seen.push(say(event));
    })();
    await expect(reading).rejects.toThrow("the step from 1 to 2 failed");
    expect(seen).toEqual(["CartCreated 1", "ItemAdded 2.0", "ItemAdded 2.1", "ItemAdded 4"]);
  });

  test("rejects at a type that nobody knows, or skips or passes it as the store says", async ({ store, openWith }) => {
    await store.appendToStream("cart-1", [
      { type: "Unheard", data: { of: 1 } },
      { type: "ItemAdded", data: { item: "rye" } },
    ]);
    await expect(delivered(await openWith(sampleCodec("today")))).rejects.toThrow("unknown event type Unheard");
    expect(await delivered(await openWith(sampleCodec("today", "skip")))).toEqual([["ItemAdded 2"]]);
    expect(await delivered(await openWith(sampleCodec("today", "pass")))).toEqual([["Unheard 1", "ItemAdded 2"]]);
  });
});
