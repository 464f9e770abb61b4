import { maxDepth } from "../arguments/json.ts";

/**
 * A copy of data in memory: of plain objects, arrays, dates, maps and sets, at any depth, in which what is shared or circular stays so.
 * Objects of other classes stay the same, and so does what is too deep to be stored.
 */
export function copyOfData(data: unknown): unknown {
  return new Copies().of(data, 0);
}

class Copies {
  readonly #made = new Map<object, unknown>();

  of(value: unknown, depth: number): unknown {
    if (typeof value !== "object" || value === null || depth > maxDepth) return value;
    if (this.#made.has(value)) return this.#made.get(value);
    const inner = (held: unknown): unknown => this.of(held, depth + 1);
    switch (Object.getPrototypeOf(value)) {
      case Array.prototype:
        return Array.isArray(value) ? this.#filled(value, [...value], (copy) => copy.forEach((held, index) => void (copy[index] = inner(held)))) : value;
      case Date.prototype:
        return value instanceof Date ? new Date(value) : value;
      case Map.prototype:
        return value instanceof Map
          ? this.#filled(value, new Map<unknown, unknown>(), (copy) => value.forEach((held, key) => copy.set(inner(key), inner(held))))
          : value;
      case Set.prototype:
        return value instanceof Set ? this.#filled(value, new Set<unknown>(), (copy) => value.forEach((held) => copy.add(inner(held)))) : value;
      case Object.prototype:
      case null: {
        const fields: Record<string, unknown> = { ...value };
        return this.#filled(value, fields, (copy) => Object.keys(copy).forEach((key) => void (copy[key] = inner(copy[key]))));
      }
      default:
        return value;
    }
  }

  /** Known before it is filled: what it holds may hold it. */
  #filled<Copy>(value: object, copy: Copy, fill: (copy: Copy) => void): Copy {
    this.#made.set(value, copy);
    fill(copy);
    return copy;
  }
}
