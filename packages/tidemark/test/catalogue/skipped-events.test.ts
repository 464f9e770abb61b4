import { defineEvents, event, openEventStore } from "tidemark";
import { expect, test } from "./test.ts";

test("what unknownEvents skips is counted by type and version, and warned of ever more seldom", async ({ store, databaseUrl, schema, onTestFinished }) => {
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
  const events = defineEvents({ ItemAdded: event<{ sku: string }>() });
  const skipping = await openEventStore(databaseUrl, { schema, events, unknownEvents: "skip", logger });
  onTestFinished(() => skipping.close());
  expect(skipping.skippedTypes()).toEqual([]);
  await store.appendToStream("cart-1", [
    { type: "ItemAdded", data: { sku: "tea" } },
    ...Array.from({ length: 12 }, () => ({ type: "Unheard", data: {} })),
    { type: "__proto__", data: {} },
  ]);
  expect(await skipping.readAll().toArray()).toHaveLength(1);
  expect(skipping.forTenant("acme").skippedTypes()).toEqual([
    { type: "Unheard", schemaVersion: 1, times: 12 },
    { type: "__proto__", schemaVersion: 1, times: 1 },
  ]);
  expect(skipping.metrics().skipped).toEqual({ types: 2, times: 13 });
  expect(warnings.map((text) => /type ("\w+").*?; (.*?)\. /.exec(text)?.slice(1))).toEqual([
    ['"Unheard"', "it is the first"],
    ['"Unheard"', "10 times so far"],
    ['"__proto__"', "it is the first"],
  ]);
});
