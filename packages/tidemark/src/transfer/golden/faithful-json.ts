import { className } from "../../arguments/describe-value.ts";

/**
 * Any value as JSON that differs where values differ, with the keys of objects sorted: `{ "$date": … }`, `{ "$bigint": … }`,
 * `{ "$map": … }`, `{ "$set": … }` and so on stand for what JSON cannot hold. A plain object with a key that begins with `$` stands in
 * `{ "$object": … }`, so that none is taken for such a mark.
 */
export function faithfulJson(value: unknown): unknown {
  return new FaithfulWriter().write(value);
}

class FaithfulWriter {
  /** The objects around the present one: an object of a class may lead back to itself. */
  readonly #around = new Set<object>();

  write(value: unknown): unknown {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: Object.is(value, -0) ? "-0" : String(value) };
      case "bigint":
        return { $bigint: value.toString() };
      case "undefined":
        return { $undefined: true };
      case "function":
      case "symbol":
        return { $other: typeof value };
      case "object":
        return value === null ? null : this.#object(value);
    }
  }

  #object(value: object): unknown {
    if (this.#around.has(value)) return { $other: "circle" };
    this.#around.add(value);
    try {
      return this.#fields(value);
    } finally {
      this.#around.delete(value);
    }
  }

  #fields(value: object): unknown {
    if (Array.isArray(value)) return Array.from(value, (item) => this.write(item));
    if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? "invalid" : value.toISOString() };
    if (value instanceof Map) return { $map: [...value].map(([key, held]) => [this.write(key), this.write(held)]) };
    if (value instanceof Set) return { $set: [...value].map((item) => this.write(item)) };
    if (ArrayBuffer.isView(value)) {
      return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64"), of: className(value) };
    }
    const name = className(value);
    if (name !== "Object") return { $class: name, value: this.#instance(value) };
    const fields = this.#sorted(value);
    return Object.keys(fields).some((key) => key.startsWith("$")) ? { $object: fields } : fields;
  }

  /** What an object of a class says of itself: as JSON, as text, or else its fields. */
  #instance(value: object): unknown {
    if ("toJSON" in value && typeof value.toJSON === "function") return this.write(value.toJSON());
    const { toString } = value;
    if (typeof toString === "function" && toString !== Object.prototype.toString) return this.write(Reflect.apply(toString, value, []));
    return this.#sorted(value);
  }

  /** Object.fromEntries makes a key `__proto__` a field, as JSON.parse does. */
  #sorted(value: object): object {
    const fields = Object.entries(value).filter(([, held]) => held !== undefined);
    return Object.fromEntries(fields.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, held]) => [key, this.write(held)]));
  }
}
