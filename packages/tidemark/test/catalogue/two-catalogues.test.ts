import { PGlite } from "@electric-sql/pglite";
import { type BoundaryDecider, ConditionFailedError, type Event, type EventStore, executeCommand, handleCommand } from "tidemark";
import { checkOpenArguments } from "../../src/arguments/store-options.ts";
import type { EventCodec } from "../../src/catalogue/event-codec.ts";
import { assembleStore } from "../../src/store/assemble-store.ts";
import { sampleCodec } from "./sample-codec.ts";
import { expect, test } from "./test.ts";

/** Yesterday's code and today's, beside each other during a deployment. */
const tags = ["cart:1"];
const inBasket = [{ types: ["BasketFilled", "ItemAdded"], tags }];
const inCart = [{ types: ["ItemAdded"], tags }];
const fill = (...skus: string[]): Event & { tags: string[] } => ({ type: "BasketFilled", data: { skus }, tags });
const add = (sku: string): Event & { tags: string[] } => ({ type: "ItemAdded", data: { sku, quantity: 1 }, tags });

test("two catalogues decide on one boundary without missing each other's events", async ({ openWith }) => {
  const [old, today] = [await openWith(sampleCodec("yesterday")), await openWith(sampleCodec("today"))];
  const before = { old: await old.readBoundary(inBasket), today: await today.readBoundary(inCart) };

  // What the old code writes under the retired name is a match to today's condition.
  await old.append([fill("jam", "rye")], { streamId: "cart-1", condition: { query: inBasket, after: before.old.boundary } });
  await expect(today.append([add("oil")], { condition: { query: inCart, after: before.today.boundary } })).rejects.toThrow(ConditionFailedError);

  // A reading has counted it, and the condition after it agrees, also where the mark has passed it.
  for (const settle of [false, true]) {
    const { events, boundary } = await today.readBoundary(inCart);
    expect(events.length).toBe(settle ? 3 : 2);
    if (settle) await today.highWaterMark();
    await today.append([add(`oil-${settle}`)], { condition: { query: inCart, after: boundary } });
  }
  // What today's code writes is a match to the old code's condition.
  await expect(old.append([fill("nut")], { streamId: "cart-1", condition: { query: inBasket, after: before.old.boundary } })).rejects.toThrow(
    ConditionFailedError,
  );
  await expect(old.readBoundary(inBasket)).rejects.toThrow("unknown event type ItemAdded in version 2");
  const seen = await old.readBoundary([{ tags }], { raw: true });
  expect(seen.events.map(({ type }) => type)).toEqual(["BasketFilled", "ItemAdded", "ItemAdded"]);
});

test("commands of two catalogues on one boundary take turns, and each counts the other's items", async ({ openWith }) => {
  // By default the old code would refuse a version that it does not know. It counts what it passes.
  const [old, today] = [await openWith(sampleCodec("yesterday", "pass")), await openWith(sampleCodec("today"))];
  const most = 6;
  const filling: BoundaryDecider<number, string, Event> = {
    initialState: () => 0,
    evolve: (count, { data }) => count + (isBasket(data) ? data.skus.length : 1),
    query: inBasket,
    streamId: "cart-1",
    decide: (sku, count) => (count < most ? [fill(sku)] : []),
  };
  const adding: BoundaryDecider<number, string, Event> = {
    ...filling,
    query: inCart,
    streamId: "cart-2",
    decide: (sku, count) => (count < most ? [add(sku)] : []),
  };
  await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      n % 2 === 0
        ? executeCommand(old, filling, `old-${n}`, { retry: { attempts: 50 } })
        : executeCommand(today, adding, `new-${n}`, { retry: { attempts: 50 } }),
    ),
  );
  expect((await today.readBoundary(inCart)).events).toHaveLength(most);
});

function isBasket(data: unknown): data is { readonly skus: readonly string[] } {
  return typeof data === "object" && data !== null && "skus" in data;
}

test("on PGlite, too, what the old code wrote is read, folded and decided on by the new one", async ({ onTestFinished }) => {
  const pool = new PGlite();
  onTestFinished(() => pool.close());
  const open = async (codec: EventCodec): Promise<EventStore> => {
    const { target, options } = checkOpenArguments([{ pool }]);
    const store = await assembleStore(target, options, codec);
    onTestFinished(() => store.close());
    return store;
  };
  const old = await open(sampleCodec("yesterday"));
  await old.appendToStream("cart-1", [fill("jam", "rye"), { type: "CartTouched", data: {}, tags }]);
  const today = await open(sampleCodec("today"));
  expect((await today.readAll({ filter: { types: ["ItemAdded"], data: { sku: "rye" } } }).toArray()).map(({ part }) => part)).toEqual([1]);
  expect((await today.readStream("cart-1", { direction: "backward" }).toArray()).map(({ version, part }) => [version, part])).toEqual([
    [1, 1],
    [1, 0],
  ]);
  const counting = { initialState: () => 0, evolve: (count: number) => count + 1, name: "count", snapshot: {} };
  expect(await today.aggregateStream("cart-1", { initialState: counting.initialState, evolve: counting.evolve })).toEqual({
    state: 2,
    version: 2,
    exists: true,
  });
  expect(await today.snapshots.take({ ...counting, decide: () => [] }, "cart-1")).toBe(true);
  expect(await handleCommand(today, { ...counting, decide: () => [add("oil")] }, "cart-1", undefined)).toMatchObject({ state: 3, version: 3, attempts: 1 });
  expect(today.snapshots.stats()).toMatchObject({ used: 1, failed: 0 });
  const { events, boundary } = await today.readBoundary(inCart);
  expect(events).toHaveLength(3);
  await old.appendToStream("cart-1", [fill("nut")]);
  await expect(today.append([add("fig")], { condition: { query: inCart, after: boundary } })).rejects.toThrow(ConditionFailedError);
});
