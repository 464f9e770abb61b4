import type { Attributes } from "@opentelemetry/api";

/** Sets of attributes that come again and again, each made once. There are as many as there are operations and categories. */
export class KeptAttributes {
  readonly #kept = new Map<string, Attributes>();

  of(key: string, make: () => Attributes): Attributes {
    const known = this.#kept.get(key);
    if (known) return known;
    const made = Object.freeze(make());
    this.#kept.set(key, made);
    return made;
  }
}
