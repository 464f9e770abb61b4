import type { EventShape, RetiredShape } from "./event-shape.ts";

/** Answers under which types events are stored that are read as a given type. */
export class StoredTypes {
  /** Only types that others become. */
  readonly #sources = new Map<string, readonly string[]>();

  constructor(shapes: ReadonlyMap<string, EventShape>, retired: ReadonlyMap<string, RetiredShape>) {
    const makers = new Map<string, Set<string>>();
    const all = [...shapes.keys(), ...retired.keys()];
    const link = (from: string, to: Iterable<string>): void => {
      for (const type of to) {
        if (type !== from) makers.set(type, (makers.get(type) ?? new Set()).add(from));
      }
    };
    for (const { type, becomes } of shapes.values()) link(type, becomes);
    for (const { type, becomes } of retired.values()) link(type, becomes ?? all);
    for (const type of all) {
      // A Set that grows while it is walked: also what becomes this type by way of another.
      const sources = new Set([type]);
      for (const source of sources) for (const maker of makers.get(source) ?? []) sources.add(maker);
      if (sources.size > 1) this.#sources.set(type, [...sources]);
    }
  }

  /** These types, and those under which their events may be stored. The same array if there are no others. */
  of(types: readonly string[]): readonly string[] {
    if (!types.some((type) => this.#sources.has(type))) return types;
    return [...new Set(types.flatMap((type) => this.#sources.get(type) ?? [type]))];
  }
}
