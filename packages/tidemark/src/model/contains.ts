import type { JsonValue } from "./event.ts";

/**
 * Whether `value` contains `part` as PostgreSQL's jsonb `@>` says: an object the same keys with values that contain, an array
 * for each item one that contains it, in any order and however often. The exception of `@>`, that an array contains a bare
 * scalar, holds at the top alone, where a filter always has an object.
 */
export function contains(value: JsonValue | undefined, part: JsonValue | undefined): boolean {
  if (isArray(part)) return isArray(value) && part.every((item) => value.some((candidate) => contains(candidate, item)));
  if (typeof part === "object" && part !== null) {
    return isObject(value) && Object.entries(part).every(([key, item]) => Object.hasOwn(value, key) && contains(value[key], item));
  }
  return value === part;
}

/** `Array.isArray` makes `any[]` of what may be a readonly array. */
function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
