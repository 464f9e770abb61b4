import { LiveLog } from "./live-log.ts";
import type { LogView } from "./log-view.ts";

/** So long one without readers goes on: those who poll, or connect again, find it running. */
const lingerMs = 10_000;

/** A reader's hold on a live log. */
export interface Lease {
  readonly live: LiveLog;
  /** Once. */
  readonly release: () => void;
}

interface Entry {
  readonly live: LiveLog;
  readers: number;
  leaving: NodeJS.Timeout | undefined;
}

/** The live logs of a handler: one for each way of reading, as long as somebody reads so. */
export class LiveLogs {
  readonly #entries = new Map<string, Entry>();
  readonly #lookMs: number;
  readonly #onError: (error: unknown) => void;
  #looking: NodeJS.Timeout | undefined;
  #readers = 0;

  /**
   * @param lookMs - So often each reader looks at the time: one timer for all.
   * @param onError - Called once for each live log that failed.
   */
  constructor(lookMs: number, onError: (error: unknown) => void) {
    this.#lookMs = lookMs;
    this.#onError = onError;
  }

  get readers(): number {
    return this.#readers;
  }

  /** @param key - Tells ways of reading apart. */
  lease(key: string, view: () => LogView): Lease {
    const found = this.#entries.get(key);
    const entry = found && !found.live.over ? found : { live: new LiveLog(view(), this.#lookMs, this.#onError), readers: 0, leaving: undefined };
    this.#entries.set(key, entry);
    clearTimeout(entry.leaving);
    entry.readers++;
    this.#readers++;
    this.#looking ??= setInterval(() => this.#look(), this.#lookMs).unref();
    return { live: entry.live, release: () => this.#release(key, entry) };
  }

  end(): void {
    this.#rest();
    for (const { live, leaving } of this.#entries.values()) {
      clearTimeout(leaving);
      live.end();
    }
    this.#entries.clear();
  }

  #look(): void {
    for (const { live } of this.#entries.values()) live.look();
  }

  #rest(): void {
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #release(key: string, entry: Entry): void {
    if (--this.#readers === 0) this.#rest();
    if (--entry.readers > 0) return;
    const leave = (): void => {
      entry.live.end();
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    };
    if (entry.live.over) leave();
    else entry.leaving = setTimeout(leave, lingerMs).unref();
  }
}
