import type { RecordedEvent } from "../model/event.ts";
import type { Logger } from "../model/logger.ts";

/**
 * A stored type in a version that the catalogue does not know, and how often readers were not given an event of it.
 *
 * @example
 * ```ts
 * const lost: SkippedType | undefined = store.skippedTypes().find(({ type }) => type === "ItemAdded");
 * ```
 */
export interface SkippedType {
  readonly type: string;
  readonly schemaVersion: number;
  /** Readings, not events: an event that two readers meet counts twice. */
  readonly times: number;
}

/** So many are told apart. A log with more unknown ones is that of another application. */
const mostTypes = 10_000;

/** Counts what `unknownEvents: "skip"` leaves out, in memory, and warns at the first, the tenth, the hundredth … time of each. */
export class SkippedEvents {
  readonly #logger: Logger;
  readonly #types = new Map<string, { readonly type: string; readonly schemaVersion: number; times: number; warnAt: number }>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  count({ type, schemaVersion, position, streamId }: RecordedEvent): void {
    const key = `${schemaVersion} ${type}`;
    const counted = this.#types.get(key) ?? { type, schemaVersion, times: 0, warnAt: 1 };
    if (counted.times === 0) {
      if (this.#types.size >= mostTypes) return;
      this.#types.set(key, counted);
    }
    counted.times++;
    if (counted.times < counted.warnAt) return;
    counted.warnAt *= 10;
    this.#logger.warn(
      `tidemark: skipped an event of the unknown type ${JSON.stringify(type)} in version ${schemaVersion}, at position ${position} in stream ${JSON.stringify(streamId)}, as unknownEvents: "skip" says; ${counted.times === 1 ? "it is the first" : `${counted.times} times so far`}. store.skippedTypes() counts them.`,
    );
  }

  list(): readonly SkippedType[] {
    return [...this.#types.values()].map(({ type, schemaVersion, times }) => ({ type, schemaVersion, times }));
  }
}
