import type { EventQueryItem } from "../model/event.ts";

/** Lists in which an order or a repetition means nothing. */
const sets: ReadonlySet<string> = new Set<keyof EventQueryItem>(["types", "categories", "streamIds", "tags"]);

/**
 * Whether two filters let the same events through as far as their texts say: the order of names, of alternatives and of keys does not
 * matter. Either may come from the database, where a time is a text.
 */
export function sameQuery(a: unknown, b: unknown): boolean {
  return queryText(a) === queryText(b);
}

/** The same JSON for the same filter: its alternatives, sorted. */
export function queryText(query: unknown): string {
  const items: readonly unknown[] = Array.isArray(query) ? query : [query];
  return `[${[...new Set(items.map(itemText))].sort().join(",")}]`;
}

function itemText(item: unknown): string {
  if (typeof item !== "object" || item === null) return "null";
  const entries = Object.entries(item).map(([key, value]: [string, unknown]) => {
    return [key, sets.has(key) && Array.isArray(value) ? [...new Set(value.map(String))].sort() : sorted(value)] as const;
  });
  return JSON.stringify(sorted(Object.fromEntries(entries)));
}

/** jsonb changes the order of keys, and nothing else that a filter can hold. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  // As it was kept: a time is a text in JSON.
  if (value instanceof Date) return value.toJSON();
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
