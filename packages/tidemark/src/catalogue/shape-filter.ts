import { contains } from "../model/contains.ts";
import type { JsonValue, RecordedEvent } from "../model/event.ts";
import type { DefinedEvents } from "./defined-events.ts";
import type { ShapeFilter } from "./event-codec.ts";

/** PostgreSQL plans a filter in the square of its alternatives. */
const mostItems = 100;

/** Whether an event of this type and data, in its newest stored form, is what a reader asked for. */
export type Narrowing = (event: RecordedEvent, type: string, data: unknown) => boolean;

/**
 * The filter by which the log finds everything that can become a match. The same array if nothing has to be widened, so that what the log
 * finds needs no second look unless it was changed.
 *
 * Types grow by those under which their events are stored. A condition on data is left out where another shape may say the same in other
 * words: where types have older versions, and where the catalogue may not know the type at all. It stays for types that have one version
 * here, but lets newer ones pass, which other code has written: what becomes of those is not for a filter to decide in silence. An
 * alternative is split if it names types of both kinds.
 */
export function widenFilter<Item extends ShapeFilter>(catalogue: DefinedEvents, filter: readonly Item[]): readonly Item[] {
  const widened = filter.map((item) => widenItem(catalogue, item));
  if (widened.every(([only, ...more], index) => more.length === 0 && only === filter[index])) return filter;
  const split = widened.flat();
  if (split.length <= Math.max(mostItems, filter.length)) return split;
  return filter.map((item) => withTypes(withoutData(item), item.types && catalogue.storedTypes.of(item.types)));
}

function widenItem<Item extends ShapeFilter>(catalogue: DefinedEvents, item: Item): readonly Item[] {
  const { types, data } = item;
  if (types === undefined) return [data === undefined ? item : withoutData(item)];
  const stored = catalogue.storedTypes.of(types);
  if (data === undefined) return stored === types ? [item] : [withTypes(item, stored)];
  const same = stored.filter((type) => types.includes(type) && hasOneShape(catalogue, type));
  const other = stored.filter((type) => !same.includes(type));
  const loose = withTypes(withoutData(item), other);
  if (same.length === 0) return [loose];
  const exact: Item = { ...item, types: same, orNewer: true };
  return other.length === 0 ? [exact] : [exact, loose];
}

/** Whether what is stored under this type is in its newest shape, as far as this catalogue knows. */
function hasOneShape({ shapes }: DefinedEvents, type: string): boolean {
  return shapes.get(type)?.version === 1;
}

function withTypes<Item extends ShapeFilter>(item: Item, types: readonly string[] | undefined): Item {
  return types === undefined ? item : { ...item, types };
}

function withoutData<Item extends ShapeFilter>(item: Item): Item {
  const copy: Item & { data?: string } = { ...item };
  delete copy.data;
  return copy;
}

/**
 * The filter as the reader means it, for events that were found by the widened one. An alternative has to hold as a whole: the tags of one
 * and the types of another are no match.
 */
export function narrowing(filter: readonly ShapeFilter[]): Narrowing {
  const items = filter.map(({ types, data, ...place }) => ({
    types: types && new Set(types),
    part: data === undefined ? undefined : parsed(data),
    // One alternative was checked by the log.
    isAt: filter.length === 1 ? everywhere : placeFilter(place),
  }));
  return (event, type, data) =>
    items.some(({ types, part, isAt }) => (!types || types.has(type)) && isAt(event) && (part === undefined || containsPart(data, part)));
}

function parsed(json: string): JsonValue {
  return JSON.parse(json);
}

/** Stored data is JSON. */
function containsPart(data: unknown, part: JsonValue): boolean {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it was parsed from JSON, or copied by plainCopy
  return contains(data as JsonValue, part);
}

const everywhere = (): boolean => true;

function placeFilter({ tags, categories, streamIds, prefix, since }: Omit<ShapeFilter, "types" | "data">): (event: RecordedEvent) => boolean {
  if (!tags && !categories && !streamIds && prefix === undefined && !since) return everywhere;
  return (event) =>
    (!categories || categories.includes(event.category)) &&
    (!streamIds || streamIds.includes(event.streamId)) &&
    (!tags || tags.every((tag) => event.tags.includes(tag))) &&
    (prefix === undefined || event.streamId.startsWith(prefix)) &&
    (!since || event.recordedAt >= since);
}
