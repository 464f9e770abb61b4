import { defineConsumer, type RecordedEvent } from "tidemark";
import { sampleCodec } from "./sample-codec.ts";
import { expect, test } from "./test.ts";

test("dead letters can be listed whatever today's code makes of their events", async ({ store, openWith }) => {
  await store.appendToStream("cart-1", [{ type: "ItemAdded", data: { item: "tea" } }]);
  await store.appendToStream("cart-2", [{ type: "BasketFilled", data: { skus: ["jam", "rye"] } }]);
  await store.appendToStream("cart-3", [{ type: "CartTouched", data: {} }]);
  await store.appendToStream("cart-4", [{ type: "ItemSpoiled", data: { from: "dew" } }]);
  const yesterday = await openWith(sampleCodec("yesterday"));
  const failing = defineConsumer({
    name: "failing",
    retry: { attempts: 1 },
    handle() {
      throw new Error("not now");
    },
  });
  const worker = yesterday.createWorker({ consumers: [failing], onError: () => {} });
  await worker.start();
  await worker.caughtUp();
  await worker.stop();
  const today = await openWith(sampleCodec("today"));
  const letters = await today.deadLetters.list();
  expect(letters.map(({ event: { type, data, schemaVersion, part }, decodeError }) => [type, data, schemaVersion, part, decodeError?.message])).toEqual([
    ["ItemAdded", { sku: "tea", quantity: 1 }, 2, undefined, undefined],
    ["ItemAdded", { sku: "jam", quantity: 1 }, 2, 0, undefined],
    ["CartTouched", {}, 1, undefined, undefined],
    ["ItemSpoiled", { from: "dew" }, 1, undefined, "the step from 1 to 2 failed"],
  ]);
  const stored = ["ItemAdded", "BasketFilled", "CartTouched", "ItemSpoiled"];
  expect((await today.deadLetters.list({ raw: true })).map(({ event, decodeError }) => [event.type, decodeError])).toEqual(
    stored.map((type) => [type, undefined]),
  );
  const [, filled, , spoiled] = letters;
  if (!filled || !spoiled) throw new Error("missing");
  expect(await today.deadLetters.get(filled)).toEqual(filled);
  expect((await today.deadLetters.get(filled, { raw: true })).event).toMatchObject({ type: "BasketFilled", data: { skus: ["jam", "rye"] } });
  // What a letter is called does not depend on what its event became.
  const batches: number[] = [];
  const mended = defineConsumer({ name: "failing", handleBatch: (events) => void batches.push(events.length) });
  const next = today.createWorker({ consumers: [mended], onError: () => {} });
  await next.start();
  for (const letter of letters) await today.deadLetters.retry(letter);
  await next.caughtUp();
  await next.stop();
  // One that became nothing is settled without a call.
  expect(batches).toEqual([1, 2]);
  expect((await today.deadLetters.history()).map(({ type, outcome }) => `${type} ${outcome}`)).toEqual([
    "CartTouched handled",
    "BasketFilled handled",
    "ItemAdded handled",
  ]);
  expect(await today.deadLetters.list()).toMatchObject([{ position: spoiled.position, attempts: 2, error: { message: "the step from 1 to 2 failed" } }]);
});

test("a retry hands over what of the event today's filter wants, under the names of today, and settles the rest without a call", async ({
  store,
  openWith,
}) => {
  await store.appendToStream("cart-1", [{ type: "BasketFilled", data: { skus: ["jam", "rye"] } }]);
  await store.appendToStream("cart-2", [{ type: "ItemAdded", data: { item: "tea" } }]);
  await store.appendToStream("cart-3", [{ type: "CartOpened", data: { by: "ada" } }]);
  const today = await openWith(sampleCodec("today"));
  const failing = defineConsumer({
    name: "c",
    retry: { attempts: 1 },
    handle() {
      throw new Error("not now");
    },
  });
  const worker = today.createWorker({ consumers: [failing], onError: () => {} });
  await worker.start();
  await worker.caughtUp();
  await worker.stop();
  const seen: string[] = [];
  const handle = ({ type, data }: RecordedEvent): void => void seen.push(`${type} ${JSON.stringify(data)}`);
  const next = today.createWorker({ consumers: [defineConsumer({ name: "c", filter: { types: ["ItemAdded"], data: { sku: "rye" } }, handle })] });
  await next.start();
  for (const letter of await today.deadLetters.list()) await today.deadLetters.retry(letter);
  await next.caughtUp();
  await next.stop();
  expect(seen).toEqual([`ItemAdded {"sku":"rye","quantity":1}`]);
  expect(await today.deadLetters.list()).toEqual([]);
});
