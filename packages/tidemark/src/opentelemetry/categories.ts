import { categoryOf } from "../model/event.ts";

/** The most that are told apart: names of spans and attributes of metrics must not grow with the streams. */
const most = 200;
const others = "_other";

/** Knows the categories that spans and metrics name: of streams that are called by an id alone, each is a category of its own. */
export class Categories {
  readonly #known = new Set<string>();

  /** Of a stream's id, whatever a caller gave as one. Undefined: there is none. */
  of(streamId: unknown): string | undefined {
    return typeof streamId === "string" ? this.#told(categoryOf(streamId)) : undefined;
  }

  /** Something for each category, made once: it is found by one look. */
  each<Value>(make: (category: string | undefined) => Value): (streamId: unknown) => Value {
    const made = new Map<string | undefined, Value>();
    return (streamId) => {
      const category = typeof streamId === "string" ? categoryOf(streamId) : undefined;
      const known = made.get(category);
      if (known !== undefined) return known;
      const told = category === undefined ? undefined : this.#told(category);
      const value = made.get(told) ?? make(told);
      made.set(told, value);
      return value;
    };
  }

  #told(category: string): string {
    if (this.#known.has(category)) return category;
    if (this.#known.size >= most) return others;
    this.#known.add(category);
    return category;
  }
}
