import { ExactNumber, type Json, exactText } from "./exact-json.ts";

/** A value that is another one than before. Undefined: it was not there, or is there no more. */
export interface Change {
  readonly path: readonly (string | number)[];
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/** What changed between two values, in the order of the first one's keys and then the second one's: the smallest parts that differ. */
export function changesBetween(before: Json | undefined, after: Json | undefined, path: Change["path"] = []): readonly Change[] {
  const keys = commonKeys(before, after);
  if (keys) return keys.flatMap((key) => changesBetween(memberOf(before, key), memberOf(after, key), [...path, key]));
  return isSame(before, after) ? [] : [{ path, before, after }];
}

/** Undefined where one of them has no members, or they are of two kinds. */
function commonKeys(before: Json | undefined, after: Json | undefined): readonly (string | number)[] | undefined {
  if (Array.isArray(before) && Array.isArray(after)) return Array.from({ length: Math.max(before.length, after.length) }, (_, index) => index);
  if (!isObject(before) || !isObject(after)) return undefined;
  return [...new Set([...Object.keys(before), ...Object.keys(after)])];
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

function memberOf(value: Json | undefined, key: string | number): Json | undefined {
  if (Array.isArray(value)) return value[Number(key)];
  return isObject(value) && Object.hasOwn(value, key) ? value[String(key)] : undefined;
}

function isSame(before: Json | undefined, after: Json | undefined): boolean {
  return before === undefined || after === undefined ? before === after : exactText(before) === exactText(after);
}
