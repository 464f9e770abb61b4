import type { TextRow } from "../database/database.ts";
import { Signal } from "../async/signal.ts";
import type { RecordedEvent } from "../model/event.ts";
import { decodeLogEvent } from "../read/decode.ts";
import type { Wanted } from "./log-pages.ts";
import { rowFilter, type SharedRow } from "./row-filter.ts";

/** Pages that wait for a member: one to work on next, so that no member waits for the database, and no more. */
const mostWaiting = 2;

/** Half a millisecond's work for most projections. */
const sliceRows = 50;

/** A page of the log for one of those who read it together. */
export interface ScanPage {
  /** How many events. */
  readonly size: number;
  /** Its events, a few at a time, so that who takes them can let go of the process in between. They are decoded as they are taken, which is once. */
  readonly slices: Iterable<readonly RecordedEvent[]>;
  /** Everything that it wants at or below this position has come. It is no anchor: ask the scan for one. */
  readonly reached: number;
  /** All up to its end has come. */
  readonly last: boolean;
  /** How long the statement and the parsing of its answer took: its part of that, where others got the page too. */
  readonly tookMs: number;
}

/** What a member reads. */
export interface ScanRange {
  readonly wanted: Wanted;
  /** Exclusive. */
  readonly after: number;
  /** Inclusive. At or below the high-water mark. */
  readonly until: number;
  readonly signal: AbortSignal;
}

/** One reader of a shared scan. */
export class ScanMember {
  readonly range: ScanRange;
  readonly #matches: (row: SharedRow) => boolean;
  readonly #changed: () => void;
  readonly #arrived = new Signal();
  readonly #pages: { readonly rows: readonly TextRow[]; readonly reached: number; readonly tookMs: number }[] = [];
  #failure: { readonly error: unknown } | undefined;
  #aside = false;
  #position: number;

  /** @param changed - Called when it can take more, or leaves. */
  constructor(range: ScanRange, changed: () => void) {
    this.range = range;
    this.#matches = rowFilter(range.wanted);
    this.#changed = changed;
    this.#position = range.after;
  }

  /** How far it has been read for it. */
  get position(): number {
    return this.#position;
  }

  get over(): boolean {
    return this.#position >= this.range.until || this.#failure !== undefined || this.range.signal.aborted;
  }

  get full(): boolean {
    return this.#pages.length >= mostWaiting;
  }

  /** It takes no pages now: the others do not wait for it. */
  get aside(): boolean {
    return this.#aside;
  }

  /** Lets the others go on, until it takes its next page. */
  stepAside(): void {
    this.#aside = true;
    this.#changed();
  }

  deliver(rows: readonly TextRow[], reached: number, tookMs: number): void {
    this.#pages.push({ rows, reached, tookMs });
    this.#position = reached;
    this.#arrived.raise();
  }

  /** Of what was read for others too. */
  deliverOwn(rows: readonly SharedRow[], reached: number, tookMs: number): void {
    this.deliver(
      rows.filter(this.#matches).map(({ row }) => row),
      reached,
      tookMs,
    );
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#arrived.raise();
  }

  /** The next page; once, after the last one, an empty one. Rejects with what the read failed with, or with its signal's reason. */
  async next(): Promise<ScanPage> {
    const { until, signal } = this.range;
    if (this.#aside) {
      this.#aside = false;
      this.#changed();
    }
    for (;;) {
      signal.throwIfAborted();
      const page = this.#pages.shift();
      if (page) {
        this.#changed();
        const { rows, reached, tookMs } = page;
        return { size: rows.length, slices: slicesOf(rows), reached, last: reached >= until, tookMs };
      }
      if (this.#failure) throw this.#failure.error;
      if (this.#position >= until) return { size: 0, slices: [], reached: this.#position, last: true, tookMs: 0 };
      await this.#arrived.wait({ abort: signal });
    }
  }
}

function* slicesOf(rows: readonly TextRow[]): Iterable<readonly RecordedEvent[]> {
  for (let from = 0; from < rows.length; from += sliceRows) yield rows.slice(from, from + sliceRows).map(decodeLogEvent);
}
