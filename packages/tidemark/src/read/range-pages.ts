import type { TextRow } from "../database/database.ts";
import { type PageLimits, PageSize } from "./page-size.ts";
import type { DecodedPage, Page, Pages } from "./pages.ts";
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
  /** The most rows that give an item. */
  readonly limit: number;
  readonly signal: AbortSignal | undefined;
  /** Whether each statement looks at a window of the range only. */
  readonly windowed: boolean;
  readonly limits: PageLimits;
  /** The most rows of the next page, below those that `limits` allow. Asked before each. */
  mostRows?(): number;
  /** What is left of a range without the gap at its beginning (at its end, if `backward`). Asked where a window was empty. */
  skipGap?(rest: Range): Promise<Range>;
  /** Asked once, before the first page. */
  bounds(): Promise<Range> | Range;
  /** At most `rows` rows of the range, from its end if `backward`. A row with `full` says that more follow. */
  fetch(range: Range, rows: number): Promise<readonly TextRow[]>;
  /** Adds to `into` what a row is to the reader: an item, or with a catalogue of events several or none. */
  decode(row: TextRow, into: T[]): void;
  /** The row's version or position. */
  key(row: TextRow): number;
}

/** How many times more rows are asked for after a page of which not every row gave an item. */
const widening = 4;

/** The end of a reading that is at its end before it asks. */
const nothing: Page<never> = { last: true, rows: 0, decode: () => ({ items: [] }) };

/** Keyset pages: each begins behind the last row of the one before, so that no page costs more than another. */
export class RangePages<T> implements Pages<T> {
  readonly #reading: RangeReading<T>;
  readonly #size: PageSize;
  readonly #window = new ScanWindow();
  #rest: Range | undefined;
  #remaining: number;
  /** Rows to ask for, for each item that remains: where few rows give one, a small limit must not mean a statement for each row. */
  #rowsOfItem = 1;
  #firstRow: TextRow | undefined;
  #lastRow: TextRow | undefined;

  constructor(reading: RangeReading<T>) {
    this.#reading = reading;
    this.#size = new PageSize(reading.limits);
    this.#remaining = reading.limit;
  }

  /** Forward: everything up to here has come. Undefined before the first page. */
  get reached(): number | undefined {
    return this.#rest?.after;
  }

  /** The first row that came, whatever it gave. */
  get firstRow(): TextRow | undefined {
    return this.#firstRow;
  }

  /** The last row that came, whatever it gave. */
  get lastRow(): TextRow | undefined {
    return this.#lastRow;
  }

  async next(): Promise<Page<T>> {
    const { signal, limit, bounds, fetch, skipGap, mostRows } = this.#reading;
    signal?.throwIfAborted();
    if (limit === 0) return nothing;
    const rest = (this.#rest ??= await bounds());
    if (rest.after >= rest.until) return nothing;
    signal?.throwIfAborted();

    const range = this.#windowOf(rest);
    const asked = Math.min(this.#size.rows, this.#remaining * this.#rowsOfItem, mostRows?.() ?? Number.POSITIVE_INFINITY);
    const sent = performance.now();
    const rows = await fetch(range, asked);
    const exhausted = rows.length < asked && rows.at(-1)?.["full"] == null;
    if (exhausted) this.#window.learn(performance.now() - sent);
    this.#size.learn(rows);
    this.#firstRow ??= rows[0];
    this.#lastRow = rows.at(-1) ?? this.#lastRow;

    // With a limit, what rows give decides how many are asked for next, and whether any.
    const decoded = limit === Number.POSITIVE_INFINITY ? undefined : this.#decode(rows);
    this.#rest = this.#restOf(rest, exhausted ? range : undefined, rows.at(-1));
    // After setval or a restore the log may have a gap of any width, which windows alone would cross at their own pace.
    if (rows.length === 0 && skipGap && this.#rest.after < this.#rest.until) this.#rest = await skipGap(this.#rest);
    const last = decoded?.failure !== undefined || this.#remaining === 0 || this.#rest.after >= this.#rest.until;
    return { last, rows: rows.length, decode: () => decoded ?? this.#decode(rows) };
  }

  /** What the rows give, up to the limit. Where one cannot be decoded, those before it are handed out first, and then its error. */
  #decode(rows: readonly TextRow[]): DecodedPage<T> {
    const { decode, backward } = this.#reading;
    const items: T[] = [];
    let empty = 0;
    for (const row of rows) {
      if (this.#remaining === 0) break;
      const before = items.length;
      try {
        decode(row, items);
      } catch (error) {
        items.length = before;
        return { items, failure: { error } };
      }
      if (items.length === before) empty++;
      else this.#remaining--;
      if (backward && items.length > before + 1) items.push(...items.splice(before).toReversed());
    }
    if (empty > 0) this.#rowsOfItem *= widening;
    return { items };
  }

  #windowOf({ after, until }: Range): Range {
    const { windowed, backward } = this.#reading;
    if (!windowed) return { after, until };
    const { positions } = this.#window;
    return backward ? { after: Math.max(after, until - positions), until } : { after, until: Math.min(until, after + positions) };
  }

  /** What is left behind the last row, or behind the whole range where everything in it was seen. */
  #restOf(rest: Range, exhausted: Range | undefined, last: TextRow | undefined): Range {
    const { backward, key } = this.#reading;
    if (exhausted || last === undefined) {
      const { after, until } = exhausted ?? rest;
      return backward ? { after: rest.after, until: after } : { after: until, until: rest.until };
    }
    return backward ? { after: rest.after, until: key(last) - 1 } : { after: key(last), until: rest.until };
  }
}
