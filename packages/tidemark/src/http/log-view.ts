import type { Semaphore } from "../async/semaphore.ts";
import type { EventQuery, RecordedEvent } from "../model/event.ts";
import type { EventStore } from "../store/event-store.ts";

/** Events as they are sent: the text of each, and the place behind them. */
export interface Portion {
  /** The place before it, exclusive. */
  readonly after: number;
  /** The place of its last event. */
  readonly end: number;
  /** Each event as JSON. */
  readonly items: readonly string[];
  /** The place of each. */
  readonly positions: readonly number[];
}

export interface Page extends Portion {
  /** There was nothing more up to `mark`. */
  readonly complete: boolean;
  /** The high-water mark under which it was read. */
  readonly mark: number;
}

export interface LogViewOptions {
  /** The tenant's. */
  readonly store: EventStore;
  readonly filter: EventQuery | undefined;
  /** Undefined: the log. */
  readonly streamId: string | undefined;
  /** An event as JSON. Undefined: it is left out. */
  readonly represent: (event: RecordedEvent) => string | undefined;
  readonly pageEvents: number;
  readonly pageBytes: number;
  /** How many queries of all views run at once. */
  readonly reads: Semaphore;
}

/** What one kind of reader sees of a log: events of one tenant that match a filter. */
export class LogView {
  readonly store: EventStore;
  readonly filter: EventQuery | undefined;
  readonly #options: LogViewOptions;
  /** Pages that are being read: those who want the same one share it. */
  readonly #reading = new Map<number, Promise<Page>>();
  /** A look for the end that has not begun. */
  #asking: Promise<number | undefined> | undefined;

  constructor(options: LogViewOptions) {
    this.#options = options;
    this.store = options.store;
    this.filter = options.filter;
  }

  /**
   * The place behind the last event. Of the log it is the high-water mark: a filter may match nothing in millions of events. Of a stream it is its
   * last event; undefined where there is none. Those who ask before a query begins share it, so that nobody gets an end from before they asked.
   */
  tail(): Promise<number | undefined> {
    const { store, streamId, reads } = this.#options;
    this.#asking ??= reads.run(async () => {
      this.#asking = undefined;
      if (streamId === undefined) return await store.highWaterMark();
      const [last] = await store.readAll({ ...this.#filtered(), direction: "backward", limit: 1, raw: true }).toArray();
      return last?.position;
    });
    return this.#asking;
  }

  /** The events after a place, as many as a page holds. */
  page(after: number): Promise<Page> {
    const reading = this.#reading.get(after) ?? this.#options.reads.run(() => this.#read(after)).finally(() => this.#reading.delete(after));
    this.#reading.set(after, reading);
    return reading;
  }

  portion(after: number, events: readonly RecordedEvent[]): Portion {
    const [items, positions]: [string[], number[]] = [[], []];
    for (const event of events) {
      const text = this.#options.represent(event);
      if (text === undefined) continue;
      items.push(text);
      positions.push(event.position);
    }
    return { after, end: events.at(-1)?.position ?? after, items, positions };
  }

  #filtered(): { readonly filter?: EventQuery } {
    return this.filter === undefined ? {} : { filter: this.filter };
  }

  async #read(after: number): Promise<Page> {
    const { store, streamId, represent, pageEvents, pageBytes } = this.#options;
    const mark = await store.highWaterMark();
    const [items, positions]: [string[], number[]] = [[], []];
    let [count, length, end, complete] = [0, 0, after, true];
    // A place ahead of the mark is that of a server that was ahead of this one.
    if (mark <= after) return { after, end, items, positions, complete, mark };
    for await (const event of store.readAll({ ...this.#filtered(), after, until: mark })) {
      // Parts of one stored event have one place.
      if (event.position !== end && (count >= pageEvents || length >= pageBytes)) {
        complete = false;
        break;
      }
      const text = represent(event);
      if (text !== undefined) {
        items.push(text);
        positions.push(event.position);
      }
      length += text?.length ?? 0;
      count++;
      end = event.position;
    }
    return { after, end: complete && streamId === undefined ? mark : end, items, positions, complete, mark };
  }
}
