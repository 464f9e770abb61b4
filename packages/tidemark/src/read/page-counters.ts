import { Rate } from "../counters/rate.ts";

/**
 * Events that came from the database, since the store was opened in this process.
 *
 * @example
 * ```ts
 * const size = ({ pages, events }: PageMetrics): number => events / Math.max(1, pages);
 * ```
 */
export interface PageMetrics {
  /** Answers of the database with events in them. */
  readonly pages: number;
  readonly events: number;
  /** Over the last minute. */
  readonly eventsPerSecond: number;
}

/** Counts pages and the events in them. */
export class PageCounters {
  readonly #events = new Rate();
  #pages = 0;

  read(events: number): void {
    if (events === 0) return;
    this.#pages++;
    this.#events.add(events);
  }

  metrics(): PageMetrics {
    return { pages: this.#pages, events: this.#events.total, eventsPerSecond: this.#events.perSecond };
  }
}
