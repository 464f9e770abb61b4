import { defineEvents, event, type EventCatalogue, retired } from "tidemark";
import { errandTypes } from "../errands/inputs.ts";
import { types as plainTypes } from "../history/content.ts";
import type { Code, Reading } from "./code.ts";

const plain = Object.fromEntries([...plainTypes, ...errandTypes].map((type) => [type, event<unknown>()]));

const yesterday = defineEvents({
  ...plain,
  LineAdded: event<unknown>(),
  CrateOpened: event<unknown>(),
  CrateSealed: event<unknown>(),
  CrateTouched: event<unknown>(),
});

const today = defineEvents({
  ...plain,
  LineAdded: {
    schema: event<unknown>(),
    version: 2,
    upcast: { 1: ({ data }) => ({ item: { sku: data.sku }, amount: data.quantity }) },
    downcast: { 2: ({ data }) => ({ sku: data.item.sku, quantity: data.amount }) },
  },
  OrderPlaced: event<unknown>(),
  // One becomes two: the first by way of the older shape.
  CrateOpened: retired(
    ({ data }) => [
      { type: "LineAdded", data: { sku: data.skus[0], quantity: 1 } },
      { type: "LineAdded", schemaVersion: 2, data: { item: { sku: data.skus[1] }, amount: 1 } },
    ],
    { becomes: ["LineAdded"] },
  ),
  CrateSealed: retired(({ data }) => [{ type: "OrderPlaced", data }], { becomes: ["OrderPlaced"] }),
  CrateTouched: retired(() => [], { becomes: [] }),
});

/** Options of `openEventStore`. */
export function catalogueOf(code: Code): { readonly events?: EventCatalogue; readonly unknownEvents?: "pass" } {
  if (code === "before") return {};
  return { events: code === "today" ? today : yesterday, unknownEvents: "pass" };
}

/** Option of what reads. */
export function asOf(reading: Reading): { readonly as?: Readonly<Record<string, number>> } {
  return reading === "today, lines as before" ? { as: { LineAdded: 1 } } : {};
}
