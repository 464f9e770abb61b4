import type { Event } from "tidemark";
import { randomFrom, hash } from "../random.ts";

export const types = ["ItemAdded", "ItemRemoved", "CartConfirmed"] as const;

/** Names an event by who made it: worker, its incarnation, batch of ids, and place in the batch. A version 7 UUID. */
export function eventId(worker: number, incarnation: number, batch: number, place: number): string {
  const digits = (value: number, length: number): string => value.toString(16).padStart(length, "0");
  const time = digits(Date.now(), 12);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${digits(worker, 3)}-8${digits(incarnation, 3)}-${digits(batch, 8)}${digits(place, 4)}`;
}

/** The part of an id that tells events apart; the rest is the time. */
export function shortId(id: string): string {
  return id.slice(15);
}

export interface Content extends Event<(typeof types)[number]> {
  readonly metadata: { readonly actorId: string };
  readonly tags: readonly string[];
}

/** What the event of this id holds, so that histories need not. Hard to carry: quotes, separators, every plane of Unicode. */
export function contentOf(id: string): Content {
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

/** What differs between an event as it came back and the content of its id; undefined where nothing does. */
export function alteration(event: Event & { readonly id: string; readonly tags: readonly string[] }): string | undefined {
  const { type, data, metadata, tags } = event;
  const found = stable({ type, data, metadata: { actorId: metadata?.["actorId"] }, tags });
  return found === stable(contentOf(event.id)) ? undefined : found;
}

/** JSON with sorted keys: jsonb keeps no order. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
