import { isDerived } from "../errands/inputs.ts";
import { shortId } from "../history/short-id.ts";
import { hash } from "../random.ts";
import { codeOf, type Reading } from "./code.ts";

// The audit's own tables: nothing of them is taken from the catalogues that the stores are opened with.

/** An event in one shape of its type: as it is stored, or as a reader gets it. */
export interface Shape {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: unknown;
}

/** Batches of ids from here on are of events whose shape depends on who wrote them. */
export const firstShapeBatch = 0x40000000;
const placeOfBatch = 24;
const markOfBatch = "4";
const placeOfWorker = 15;

export function hasShapes(id: string): boolean {
  return !isDerived(id) && id[placeOfBatch] === markOfBatch;
}

/** What an event says, in whichever words. */
interface Said {
  readonly what: "line" | "newer line" | "crate" | "sealed" | "touched" | "placed";
  readonly sku: string;
  readonly quantity: number;
  readonly by: string;
}

const ofToday = ["placed", "newer line", "newer line", "newer line"] as const;
const ofBefore = ["sealed", "touched", "line", "crate", "crate"] as const;

function saidBy(id: string): Said {
  const number = hash(`shape ${shortId(id)}`);
  const writer = codeOf(Number.parseInt(id.slice(placeOfWorker, placeOfWorker + 3), 16));
  const what = writer === "today" ? ofToday[number % ofToday.length] : ofBefore[number % ofBefore.length];
  return { what: what ?? "line", sku: `sku-${number % 97}`, quantity: 1 + (number % 7), by: shortId(id) };
}

/** What is stored of the event of this id: its writer's newest shape. */
export function storedShape(id: string): Shape {
  const { what, sku, quantity, by } = saidBy(id);
  if (what === "line") return olderLine(sku, quantity);
  if (what === "newer line") return newerLine(sku, quantity);
  if (what === "crate") return { type: "CrateOpened", schemaVersion: 1, data: { skus: [sku, by] } };
  if (what === "touched") return { type: "CrateTouched", schemaVersion: 1, data: {} };
  return { type: what === "sealed" ? "CrateSealed" : "OrderPlaced", schemaVersion: 1, data: { by } };
}

/** What a reader has to get of the event of this id, in order. */
export function shapesFor(id: string, reading: Reading): readonly Shape[] {
  if (reading === "stored") return [storedShape(id)];
  const { what, sku, quantity, by } = saidBy(id);
  const line = reading === "today" ? newerLine : olderLine;
  if (what === "touched") return [];
  if (what === "crate") return [line(sku, 1), line(by, 1)];
  if (what === "line" || what === "newer line") return [line(sku, quantity)];
  return [{ type: "OrderPlaced", schemaVersion: 1, data: { by } }];
}

function olderLine(sku: string, quantity: number): Shape {
  return { type: "LineAdded", schemaVersion: 1, data: { sku, quantity } };
}

function newerLine(sku: string, amount: number): Shape {
  return { type: "LineAdded", schemaVersion: 2, data: { item: { sku }, amount } };
}

/** Under which types events are stored that a reader knows by one of these. */
export function storedTypesOf(types: readonly string[], reading: Reading): readonly string[] {
  const retired = (type: string): readonly string[] => (type === "LineAdded" ? ["CrateOpened"] : type === "OrderPlaced" ? ["CrateSealed"] : []);
  return reading === "stored" ? types : [...new Set(types.flatMap((type) => [type, ...retired(type)]))];
}
