import type { LogView, Portion } from "./log-view.ts";
import { Frame } from "./frame.ts";
import { Round } from "./round.ts";

/** What is remembered, for readers that were away or are slow: who is further behind reads pages. */
const mostBytes = 1_048_576;
const mostFrames = 1_000;
const batchEvents = 100;
/** What is taken at once: a client that does not read holds no more. */
const mostTaken = 262_144;

/** Whoever is told that there is something new. */
export interface LogWatcher {
  /** @param now - As `performance.now()` says. @param lateMs - After how long it is called again, at the latest. */
  look(now: number, lateMs: number): void;
}

/** What readers at one place get next. */
export interface Taken {
  /** None: there is nothing yet. */
  readonly bytes: Uint8Array;
  readonly end: number;
}

const nothing = new Uint8Array();

/**
 * The end of a log for all who read it over HTTP in the same way: one subscription, one text of each event, however many readers. Readers have
 * no queues: each has a place, and takes what is remembered behind it.
 *
 *   reader → reads pages ──→ at the end, and nothing is missing → takes frames
 *                ↑                                                     │
 *                └────────── its place is no longer remembered ────────┘
 */
export class LiveLog {
  readonly view: LogView;
  readonly #watchers = new Set<LogWatcher>();
  readonly #round: Round<LogWatcher>;
  readonly #ended = new AbortController();
  readonly #wakes = new Set<() => void>();
  #frames: Frame[] = [];
  #bytes = 0;
  #taken: (Taken & { readonly place: number; readonly cursor: number }) | undefined;
  /** The place behind the last event that was forgotten. */
  #forgotten = 0;
  /** Everything behind this place is remembered, or still to come. */
  #knownAfter = Number.POSITIVE_INFINITY;
  /** The high-water mark behind which everything comes here. */
  #startedAt = Number.POSITIVE_INFINITY;
  /** Resolves once everything from then on is noticed. */
  readonly started: Promise<void>;

  readonly #onError: (error: unknown) => void;

  /**
   * @param lookMs - So often everybody is called, also when nothing is new.
   * @param onError - Called once, if it ends for all because an event could not be read or shown.
   */
  constructor(view: LogView, lookMs: number, onError: (error: unknown) => void) {
    this.view = view;
    this.#onError = onError;
    this.#round = new Round(this.#watchers, (watcher, now) => watcher.look(now, lookMs));
    const started = Promise.withResolvers<void>();
    this.started = started.promise;
    // Heard where it is awaited.
    this.started.catch(() => {});
    void this.#run(started).catch((error: unknown) => {
      started.reject(error);
      this.end();
    });
  }

  get over(): boolean {
    return this.#ended.signal.aborted;
  }

  /** Ends it for all who read. */
  end(): void {
    this.#ended.abort();
    this.#wake();
    for (const watcher of this.#watchers) watcher.look(performance.now(), 0);
  }

  admit(watcher: LogWatcher): void {
    this.#watchers.add(watcher);
  }

  dismiss(watcher: LogWatcher): void {
    this.#watchers.delete(watcher);
  }

  /** Calls all who watch, in slices. */
  look(): void {
    this.#round.ask();
  }

  /** Whether a reader at this place can go on with frames. @param readTo - Up to here it has read all that there is; 0 where it has read nothing. */
  joins(place: number, readTo = 0): boolean {
    if (place >= this.#knownAfter) return true;
    if (readTo < this.#startedAt || this.#forgotten > place) return false;
    this.#knownAfter = place;
    return true;
  }

  /** What is behind a place, made once for all who are there; undefined where a part is forgotten. */
  take(place: number, cursor: number): Taken | undefined {
    if (this.#taken?.place !== place || this.#taken.cursor !== cursor) {
      const frames = this.after(place);
      if (!frames) return undefined;
      this.#taken = { place, cursor, ...takenOf(frames, place, cursor) };
    }
    return this.#taken;
  }

  /** The frames behind a place; undefined where some are forgotten. */
  after(place: number): readonly Frame[] | undefined {
    if (place < this.#forgotten) return undefined;
    let from = this.#frames.length;
    while (from > 0 && (this.#frames[from - 1]?.end ?? 0) > place) from--;
    return this.#frames.slice(from).flatMap((frame) => frame.behind(place) ?? []);
  }

  /** Resolves when there is something new, when it has ended or the signal aborts, or after so long. */
  news(ms: number, signal?: AbortSignal): Promise<void> {
    if (this.over || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#wakes.delete(finish);
        clearTimeout(timer);
        signal?.removeEventListener("abort", finish);
        resolve();
      };
      const timer = setTimeout(finish, ms).unref();
      signal?.addEventListener("abort", finish, { once: true });
      this.#wakes.add(finish);
    });
  }

  async #run(started: PromiseWithResolvers<void>): Promise<void> {
    const { store, filter } = this.view;
    const mark = await store.highWaterMark();
    const subscription = store.subscribe({ after: mark, ...(filter !== undefined && { filter }), signal: this.#ended.signal });
    const batches = subscription.batches(batchEvents)[Symbol.asyncIterator]();
    this.#knownAfter = mark;
    this.#startedAt = mark;
    started.resolve();
    let place = mark;
    try {
      for (let next = await batches.next(); !next.done; next = await batches.next()) {
        const portion = this.view.portion(place, next.value);
        place = portion.end;
        this.#add(portion);
      }
    } catch (error) {
      if (!this.over) this.#onError(error);
    } finally {
      this.end();
      await batches.return?.();
    }
  }

  #add(portion: Portion): void {
    if (portion.items.length === 0) return;
    const frame = new Frame(portion);
    this.#taken = undefined;
    this.#frames.push(frame);
    this.#bytes += frame.size;
    while (this.#frames.length > 1 && (this.#bytes > mostBytes || this.#frames.length > mostFrames)) {
      const [oldest] = this.#frames.splice(0, 1);
      this.#bytes -= oldest?.size ?? 0;
      this.#forgotten = oldest?.end ?? 0;
      this.#knownAfter = Math.max(this.#knownAfter, this.#forgotten);
    }
    this.#wake();
    this.look();
  }

  #wake(): void {
    const wakes = [...this.#wakes];
    this.#wakes.clear();
    for (const wake of wakes) wake();
  }
}

function takenOf(frames: readonly Frame[], place: number, cursor: number): Taken {
  const chunks: Uint8Array[] = [];
  let end = place;
  for (let bytes = 0, index = 0; index < frames.length && bytes < mostTaken; index++) {
    const frame = frames[index];
    if (!frame) break;
    const chunk = frame.bytes(cursor, index === frames.length - 1);
    chunks.push(chunk);
    bytes += chunk.byteLength;
    end = frame.end;
  }
  const [only = nothing] = chunks;
  return { bytes: chunks.length > 1 ? Buffer.concat(chunks) : only, end };
}
