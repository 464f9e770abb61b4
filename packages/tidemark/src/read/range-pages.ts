import type { TextRow } from "../database/database.ts";
import { type PageLimits, PageSize } from "./page-size.ts";
import type { Page, Pages } from "./pages.ts";
import { ScanWindow } from "./scan-window.ts";

/** A part of a stream by version, or of the log by position. */
export interface Range {
  /** Exclusive. */
  readonly after: number;
  /** Inclusive. */
  readonly until: number;
}

export interface RangeReading<T> {
  readonly backward: boolean;
  readonly limit: number;
  readonly signal: AbortSignal | undefined;
  /** Whether each statement looks at a window of the range only. */
  readonly windowed: boolean;
  readonly limits: PageLimits;
  /** What is left of a range without the gap at its beginning (at its end, if `backward`). Asked where a window was empty. */
  skipGap?(rest: Range): Promise<Range>;
  /** Asked once, before the first page. */
  bounds(): Promise<Range> | Range;
  /** At most `rows` rows of the range, from its end if `backward`. A row with `full` says that more follow. */
  fetch(range: Range, rows: number): Promise<readonly TextRow[]>;
  decode(row: TextRow): T;
  /** The item's version or position. */
  key(item: T): number;
}

/** Keyset pages: each begins behind the last item of the one before, so that no page costs more than another. */
export class RangePages<T> implements Pages<T> {
  readonly #reading: RangeReading<T>;
  readonly #size: PageSize;
  readonly #window = new ScanWindow();
  #rest: Range | undefined;
  #remaining: number;

  constructor(reading: RangeReading<T>) {
    this.#reading = reading;
    this.#size = new PageSize(reading.limits);
    this.#remaining = reading.limit;
  }

  /** Forward: everything up to here has come. Undefined before the first page. */
  get reached(): number | undefined {
    return this.#rest?.after;
  }

  async next(): Promise<Page<T>> {
    const { signal, limit, bounds, fetch, decode, skipGap } = this.#reading;
    signal?.throwIfAborted();
    if (limit === 0) return { items: [], last: true };
    const rest = (this.#rest ??= await bounds());
    if (rest.after >= rest.until) return { items: [], last: true };
    signal?.throwIfAborted();

    const range = this.#windowOf(rest);
    const asked = Math.min(this.#size.rows, this.#remaining);
    const sent = performance.now();
    const rows = await fetch(range, asked);
    const exhausted = rows.length < asked && rows.at(-1)?.["full"] == null;
    if (exhausted) this.#window.learn(performance.now() - sent);
    this.#size.learn(rows);

    const items = rows.map(decode);
    this.#remaining -= items.length;
    this.#rest = this.#restOf(rest, exhausted ? range : undefined, items.at(-1));
    // After setval or a restore the log may have a gap of any width, which windows alone would cross at their own pace.
    if (rows.length === 0 && skipGap && this.#rest.after < this.#rest.until) this.#rest = await skipGap(this.#rest);
    return { items, last: this.#remaining === 0 || this.#rest.after >= this.#rest.until };
  }

  #windowOf({ after, until }: Range): Range {
    const { windowed, backward } = this.#reading;
    if (!windowed) return { after, until };
    const { positions } = this.#window;
    return backward ? { after: Math.max(after, until - positions), until } : { after, until: Math.min(until, after + positions) };
  }

  /** What is left behind the last item, or behind the whole range where everything in it was seen. */
  #restOf(rest: Range, exhausted: Range | undefined, last: T | undefined): Range {
    const { backward, key } = this.#reading;
    if (exhausted || last === undefined) {
      const { after, until } = exhausted ?? rest;
      return backward ? { after: rest.after, until: after } : { after: until, until: rest.until };
    }
    return backward ? { after: rest.after, until: key(last) - 1 } : { after: key(last), until: rest.until };
  }
}
