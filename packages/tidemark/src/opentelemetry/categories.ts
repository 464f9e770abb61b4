import { categoryOf } from "../model/event.ts";

/** The most that are told apart: names of spans and attributes of metrics must not grow with the streams. */
const most = 200;
const others = "_other";

/** Knows the categories that spans and metrics name: of streams that are called by an id alone, each is a category of its own. */
export class Categories {
  readonly #known = new Set<string>();

  /** Of a stream's id, whatever a caller gave as one. Undefined: there is none. */
  of(streamId: unknown): string | undefined {
    if (typeof streamId !== "string") return undefined;
    const category = categoryOf(streamId);
    if (this.#known.has(category)) return category;
    if (this.#known.size >= most) return others;
    this.#known.add(category);
    return category;
  }
}
