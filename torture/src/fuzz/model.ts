/** The types of all events that are stored. */
export const eventTypes = ["ItemAdded", "ItemRemoved", "CartConfirmed"] as const;

/** An event as the model knows it: what tells it from every other. */
export interface ModelEvent {
  readonly type: string;
  readonly n: number;
}

/** The streams of one actor, which nobody else writes: what a right store holds after each call. */
export class Model {
  #streams = new Map<string, readonly ModelEvent[]>();

  version(streamId: string): number {
    return this.#streams.get(streamId)?.length ?? 0;
  }

  events(streamId: string): readonly ModelEvent[] {
    return this.#streams.get(streamId) ?? [];
  }

  /** Every stream with events. */
  get streams(): readonly (readonly [streamId: string, events: readonly ModelEvent[]])[] {
    return [...this.#streams].filter(([, events]) => events.length > 0);
  }

  append(streamId: string, events: readonly ModelEvent[]): void {
    this.#streams.set(streamId, [...this.events(streamId), ...events]);
  }

  /** Another one that holds the same: what a transaction, or the part of one after a savepoint, makes of it. */
  fork(): Model {
    const fork = new Model();
    fork.#streams = new Map(this.#streams);
    return fork;
  }

  /** Becomes what a fork has become. */
  adopt(fork: Model): void {
    this.#streams = new Map(fork.#streams);
  }

  /** Whether an append with this expectation has to succeed. */
  accepts(streamId: string, expected: number | "any" | "no-stream" | "stream-exists"): boolean {
    const version = this.version(streamId);
    if (expected === "any") return true;
    if (expected === "no-stream") return version === 0;
    if (expected === "stream-exists") return version > 0;
    return expected === version;
  }
}
