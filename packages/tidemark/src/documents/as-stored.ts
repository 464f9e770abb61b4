import { byBytes } from "../append/byte-order.ts";
import { maxDepth } from "../arguments/json.ts";
import { isRecord } from "../arguments/options.ts";

/**
 * A document as it would come back from its table: without keys that are undefined, without `_id` and `_version`, and with its keys in
 * the order of jsonb. So what a projection makes of its next event does not depend on whether the document was written in between. It is
 * the same object where that changes nothing; what cannot be stored is left as it is, to be refused by `encodeDocument`.
 */
export function asStored(id: string, document: object): object {
  if (!isRecord(document)) return document;
  if (!("_id" in document || "_version" in document)) return settledObject(document, 1);
  const { _id, _version, ...rest } = document;
  // Another document's id is refused too.
  return _id === undefined || _id === id ? settledObject(rest, 1) : document;
}

type Fields = Readonly<Record<string, unknown>>;

function settled(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || depth === maxDepth) return value;
  return isRecord(value) ? settledObject(value, depth + 1) : settledArray(value, depth + 1);
}

function settledObject(value: Fields, depth: number): Fields {
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of a class is refused when it is written.
  if (prototype !== Object.prototype && prototype !== null) return value;
  let same = true;
  let changed: Map<string, unknown> | undefined;
  let before: string | undefined;
  for (const key of Object.keys(value)) {
    const held = value[key];
    if (held === undefined || (before !== undefined && keyOrder(before, key) > 0)) same = false;
    if (typeof held === "object") {
      const next = settled(held, depth);
      if (next !== held) (changed ??= new Map<string, unknown>()).set(key, next);
    }
    before = key;
  }
  if (same && !changed) return value;
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  sortKeys(keys);
  // An assignment of this key would be one of the prototype.
  if (keys.includes("__proto__")) return Object.fromEntries(keys.map((key) => [key, changed?.get(key) ?? value[key]]));
  const copy: Record<string, unknown> = {};
  for (const key of keys) copy[key] = changed?.get(key) ?? value[key];
  return copy;
}

function settledArray(value: object, depth: number): object {
  if (!Array.isArray(value)) return value;
  const items: readonly unknown[] = value;
  let changed: unknown[] | undefined;
  for (let index = 0; index < items.length; index++) {
    const next = settled(items[index], depth);
    if (next !== items[index]) (changed ??= [...items])[index] = next;
  }
  return changed ?? value;
}

/** By insertion: keys are few, and nearly in order. */
function sortKeys(keys: string[]): void {
  if (keys.length > 32) return void keys.sort(keyOrder);
  for (let index = 1; index < keys.length; index++) {
    const key = keys[index] ?? "";
    let to = index;
    for (let before = keys[to - 1]; before !== undefined && keyOrder(before, key) > 0; before = keys[to - 1]) {
      keys[to] = before;
      to--;
    }
    keys[to] = key;
  }
}

/** jsonb keeps the keys of an object by their length in bytes, and those of one length by their bytes. */
function keyOrder(a: string, b: string): number {
  const [x, y] = [byteLength(a), byteLength(b)];
  if (x !== y) return x - y;
  if (x === a.length && y === b.length) return a < b ? -1 : a > b ? 1 : 0;
  return byBytes(a, b);
}

/** Documents repeat their keys. At most 1,024 short ones. */
const lengths = new Map<string, number>();

function byteLength(key: string): number {
  const known = lengths.get(key);
  if (known !== undefined) return known;
  const length = Buffer.byteLength(key);
  if (key.length <= 64) {
    if (lengths.size === 1024) lengths.clear();
    lengths.set(key, length);
  }
  return length;
}
