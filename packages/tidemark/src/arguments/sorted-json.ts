import { isRecord } from "./options.ts";

/** The same JSON with the keys of each object sorted. Object.fromEntries makes a key `__proto__` a field, as JSON.parse does. */
export function sortedJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedJson);
  if (!isRecord(value)) return value;
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([key, held]) => [key, sortedJson(held)]));
}
