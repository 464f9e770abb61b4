import type { EventShape, RetiredShape } from "./event-shape.ts";

/** Answers under which types events are stored that are read as a given type. */
export class StoredTypes {
  /** For each type, those whose steps name it. */
  readonly #makers = new Map<string, Set<string>>();
  /** Retired types that may become any type, and what becomes one of them. Kept apart: linked to each type they would be its square. */
  readonly #open: ReadonlySet<string>;
  readonly #types: ReadonlySet<string>;

  constructor(shapes: ReadonlyMap<string, EventShape>, retired: ReadonlyMap<string, RetiredShape>) {
    for (const { type, becomes = [] } of [...shapes.values(), ...retired.values()]) {
      for (const made of becomes) if (made !== type) this.#makers.set(made, (this.#makers.get(made) ?? new Set()).add(type));
    }
    this.#types = new Set([...shapes.keys(), ...retired.keys()]);
    const open = [...retired.values()].filter(({ becomes }) => becomes === undefined).map(({ type }) => type);
    this.#open = this.#withMakers(new Set(open));
  }

  /** These types, and those under which their events may be stored. The same array if there are no others. */
  of(types: readonly string[]): readonly string[] {
    const found = new Set<string>();
    for (const type of types) {
      for (const source of this.#withMakers(new Set([type]))) found.add(source);
      if (this.#types.has(type)) for (const source of this.#open) found.add(source);
    }
    return found.size === new Set(types).size ? types : [...found];
  }

  /** A Set that grows while it is walked: also what becomes this type by way of another. */
  #withMakers(sources: Set<string>): Set<string> {
    for (const source of sources) for (const maker of this.#makers.get(source) ?? []) sources.add(maker);
    return sources;
  }
}
