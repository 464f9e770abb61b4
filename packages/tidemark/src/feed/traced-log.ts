import { followingLog } from "../tracing/operations.ts";
import type { TracedPlace } from "../tracing/traced-store.ts";
import type { Found, Log, PagePace, Place, RowPages, Wanted } from "./log-pages.ts";

/** Tells of each page that is read for followers on its tracing channel. */
export class TracedLog implements Log {
  readonly #log: Log;
  readonly #name: "events" | "outbox";
  readonly #place: TracedPlace;

  constructor(log: Log, name: "events" | "outbox", place: TracedPlace) {
    this.#log = log;
    this.#name = name;
    this.#place = place;
  }

  open(after: number, until: number, wanted: Wanted, signal: AbortSignal, pace?: PagePace): RowPages {
    const pages = this.#log.open(after, until, wanted, signal, pace);
    return {
      next: () =>
        followingLog.trace(
          this.#place,
          () => ({ log: this.#name, until }),
          () => pages.next(),
          ({ rows, reached }) => ({ result: { events: rows.length, position: reached } }),
        ),
    };
  }

  lastEvent(position: number, signal: AbortSignal): Promise<Place> {
    return this.#log.lastEvent(position, signal);
  }

  find(position: number, signal: AbortSignal): Promise<Found> {
    return this.#log.find(position, signal);
  }
}
