import type { Attributes, Counter } from "@opentelemetry/api";

/**
 * Adds events up until an exporter collects. An SDK looks attributes up by their text at each call of a counter, which costs as much as to
 * measure the duration; here they are looked up by identity.
 */
export class CountedEvents {
  readonly #counter: Counter;
  readonly #untold = new Map<Attributes, number>();

  constructor(counter: Counter) {
    this.#counter = counter;
  }

  /** @param attributes - The same object for what is alike: each is held until the counter is told. */
  add(events: number, attributes: Attributes): void {
    if (events > 0) this.#untold.set(attributes, (this.#untold.get(attributes) ?? 0) + events);
  }

  /** Gives the counter what it does not know yet. */
  tell(): void {
    for (const [attributes, events] of this.#untold) this.#counter.add(events, attributes);
    this.#untold.clear();
  }
}
