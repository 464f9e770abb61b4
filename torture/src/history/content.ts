import type { Event } from "tidemark";
import { inputOf, isDerived, isErrandInput } from "../errands/inputs.ts";
import { randomFrom, hash } from "../random.ts";
import type { Reading } from "../shapes/code.ts";
import { hasShapes, type Shape, shapesFor, storedShape } from "../shapes/shapes.ts";
import { shortId } from "./short-id.ts";

export const types = ["ItemAdded", "ItemRemoved", "CartConfirmed"] as const;

/** Names an event by who made it: worker, its incarnation, batch of ids, and place in the batch. A version 7 UUID. */
export function eventId(worker: number, incarnation: number, batch: number, place: number): string {
  const digits = (value: number, length: number): string => value.toString(16).padStart(length, "0");
  const time = digits(Date.now(), 12);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${digits(worker, 3)}-8${digits(incarnation, 3)}-${digits(batch, 8)}${digits(place, 4)}`;
}

export interface Content<Type extends string = string> extends Event<Type> {
  readonly metadata: { readonly actorId: string; readonly correlationId?: string };
  readonly tags: readonly string[];
}

/** What the event of this id holds, as it is stored, so that histories need not. Hard to carry: quotes, separators, every plane of Unicode. */
export function contentOf(id: string): Content {
  // Written by the process: it follows from what led to it, and no reader's query asks for it.
  if (isDerived(id)) return { type: "of the process", data: {}, metadata: { actorId: shortId(id) }, tags: [] };
  if (hasShapes(id)) {
    const { type, data } = storedShape(id);
    return { type, data, metadata: { actorId: shortId(id) }, tags: tagsOf(id) };
  }
  if (isErrandInput(id)) {
    const { type, data, correlationId } = inputOf(id);
    return { type, data, metadata: { actorId: shortId(id), ...(correlationId !== undefined && { correlationId }) }, tags: [] };
  }
  return plainContentOf(id);
}

/** Of an event that all code reads and writes alike. */
export function plainContentOf(id: string): Content<(typeof types)[number]> {
  const number = hash(shortId(id));
  const random = randomFrom(number, "content");
  const letters = ["tea", "\u001e", '"', "\\", "\u{1f375}", "é", "\u2028", "\ue000"] as const;
  const note = Array.from({ length: random.between(0, 24) }, () => random.pick(letters)).join("");
  return {
    type: types[number % types.length] ?? types[0],
    data: { sku: `sku-${number % 97}`, quantity: number % 7, price: random.between(-1e6, 1e6) / 100, note, nested: [{ null: null }, [number]] },
    metadata: { actorId: shortId(id) },
    tags: tagsOf(id),
  };
}

/** One event in four has a tag, one of 97. */
export function tagsOf(id: string): readonly string[] {
  const number = hash(shortId(id));
  return number % 4 === 0 ? [`sku:${number % 97}`] : [];
}

/** What a reader has to get of the event of this id, in order. */
export function partsOf(id: string, reading: Reading): readonly Shape[] {
  if (hasShapes(id)) return shapesFor(id, reading);
  const { type, data } = contentOf(id);
  return [{ type, schemaVersion: 1, data }];
}

type Given = Event & { readonly id: string; readonly tags: readonly string[]; readonly schemaVersion: number; readonly part?: number };

/** What differs between an event as it came back and what a reader has to get of its id; undefined where nothing does. */
export function alteration({ id, type, data, metadata, tags, schemaVersion, part }: Given, reading: Reading): string | undefined {
  // What the process wrote is checked with what led to it.
  if (isDerived(id)) return undefined;
  const parts = partsOf(id, reading);
  const found = stable({ type, schemaVersion, data, metadata: { actorId: metadata?.["actorId"] }, tags, part });
  const { metadata: written, tags: tagged } = contentOf(id);
  const wanted = { ...parts[part ?? 0], metadata: { actorId: written.actorId }, tags: tagged, part: parts.length > 1 ? (part ?? 0) : undefined };
  return parts.length > 0 && found === stable(wanted) ? undefined : found;
}

/** JSON with sorted keys: jsonb keeps no order. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
