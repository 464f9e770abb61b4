import { encodeJson, maxDepth } from "../arguments/json.ts";

/** What `copyIfPlain` returns for what is not plain JSON. */
export const unfit: unique symbol = Symbol("not plain JSON");

type CopyFields = (value: object) => Record<string, unknown>;

/**
 * V8 copies an object five times as fast where one place of the code has met four shapes of objects at most. So each step copies at a
 * place of its own, as far as these go.
 */
const places: readonly [CopyFields, ...CopyFields[]] = [
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
];

/**
 * A copy of plain JSON, so that a step may change what it gets and nothing else sees it. Keys that are `undefined` are left out.
 *
 * @throws {@link InvalidArgumentError} — at its place in `data`, for a value that JSON cannot hold.
 */
export function plainCopy(value: unknown): unknown {
  const copy = copyIfPlain(value, 0);
  // The slow way finds the place and says what is wrong with it. It also takes objects of another realm.
  return copy === unfit ? JSON.parse(encodeJson(value, "data")) : copy;
}

/**
 * The same, but `unfit` for a value that JSON cannot hold.
 *
 * @param maker - A number for what made the value: what one step makes has few shapes.
 */
export function copyIfPlain(value: unknown, maker: number): unknown {
  return copied(value, 0, places[maker % places.length] ?? places[0]);
}

function copied(value: unknown, depth: number, copyFields: CopyFields): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) ? value : unfit;
    case "object":
      if (value === null) return null;
      if (depth === maxDepth) return unfit;
      return Array.isArray(value) ? copiedItems(value, depth + 1, copyFields) : copiedFields(value, depth + 1, copyFields);
    default:
      return unfit;
  }
}

function copiedItems(value: readonly unknown[], depth: number, copyFields: CopyFields): unknown {
  const copy: unknown[] = [];
  for (let index = 0; index < value.length; index++) {
    const item = copied(value[index], depth, copyFields);
    if (item === unfit) return unfit;
    copy.push(item);
  }
  return copy;
}

function copiedFields(value: object, depth: number, copyFields: CopyFields): unknown {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return unfit;
  // Spread is several times as fast as setting each key, and keeps a property named __proto__ what it is.
  const copy = copyFields(value);
  // for-in reads fields by their place; own keys alone count, whatever someone put on Object.prototype.
  for (const key in copy) {
    const held = copy[key];
    if (typeof held === "string" || typeof held === "boolean" || (typeof held === "number" && Number.isFinite(held)) || !Object.hasOwn(copy, key)) continue;
    if (held === undefined) {
      delete copy[key];
      continue;
    }
    const inner = copied(held, depth, copyFields);
    if (inner === unfit) return unfit;
    if (inner !== held) copy[key] = inner;
  }
  return copy;
}
