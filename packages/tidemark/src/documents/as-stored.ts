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
  const keys = Object.keys(value);
  const order = orderOf(keys);
  let { same } = order;
  let changed: Map<string, unknown> | undefined;
  for (const key of keys) {
    const held = value[key];
    if (held === undefined) same = false;
    if (typeof held === "object") {
      const next = settled(held, depth);
      if (next !== held) (changed ??= new Map<string, unknown>()).set(key, next);
    }
  }
  if (same && !changed) return value;
  const { sorted } = order;
  // An assignment of this key would be one of the prototype.
  if (order.special) return Object.fromEntries(sorted.filter((key) => value[key] !== undefined).map((key) => [key, changed?.get(key) ?? value[key]]));
  const copy: Record<string, unknown> = {};
  for (const key of sorted) {
    const held = changed?.get(key) ?? value[key];
    if (held !== undefined) copy[key] = held;
  }
  return copy;
}

/** The keys of an object, as they came and in the order of jsonb. */
interface KeyOrder {
  readonly keys: readonly string[];
  readonly sorted: readonly string[];
  readonly same: boolean;
  /** `__proto__` is one of them. */
  readonly special: boolean;
}

/** Objects that are made by the same code have the same keys in the same order. The last such keys, by the first of them: most have no more than a few. */
const orders = new Map<string | undefined, KeyOrder>();
const mostOrders = 256;

function orderOf(keys: readonly string[]): KeyOrder {
  const known = orders.get(keys[0]);
  if (known && isSame(known.keys, keys)) return known;
  const sorted = [...keys];
  sortKeys(sorted);
  const order = { keys, sorted, same: isSame(sorted, keys), special: keys.includes("__proto__") };
  if (keys.length <= 32) {
    if (orders.size === mostOrders) orders.clear();
    orders.set(keys[0], order);
  }
  return order;
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false;
  for (let index = 0; index < some.length; index++) if (some[index] !== others[index]) return false;
  return true;
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
