import type { TextRow } from "../database/database.ts";
import { type PageLimits, PageSize } from "./page-size.ts";
import type { DecodedPage, Page, Pages } from "./pages.ts";
import { PageSpan } from "./page-span.ts";
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
  /**
   * Whether the page behind the next one is asked for as well, before that has come: two statements run at once, so that the server works
   * while a page is on its way, and is read. Only forward, windowed and without a limit. Asked before each page.
   *
   * @defaultValue never
   */
  ahead?(): boolean;
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

/** A page that was asked for. */
interface Asked {
  /** It gives everything in here, unless it is full before. */
  readonly range: Range;
  /** The range is as wide as a statement may look: what it took says something about windows. */
  readonly whole: boolean;
  readonly rows: number;
  readonly answer: Promise<{ readonly rows: readonly TextRow[]; readonly tookMs: number }>;
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
  readonly #span = new PageSpan();
  /** Of what comes behind the next page. */
  #ahead: Asked | undefined;
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
    const { signal, limit, bounds, skipGap } = this.#reading;
    signal?.throwIfAborted();
    if (limit === 0) return nothing;
    const rest = (this.#rest ??= await bounds());
    if (rest.after >= rest.until) return nothing;
    signal?.throwIfAborted();

    const page = this.#take(rest);
    const { range } = page;
    const { rows, tookMs } = await page.answer;
    const exhausted = rows.length < page.rows && rows.at(-1)?.["full"] == null;
    if (exhausted && page.whole) this.#window.learn(tookMs);
    this.#size.learn(rows);
    this.#firstRow ??= rows[0];
    this.#lastRow = rows.at(-1) ?? this.#lastRow;

    // With a limit, what rows give decides how many are asked for next, and whether any.
    const decoded = limit === Number.POSITIVE_INFINITY ? undefined : this.#decode(rows);
    this.#rest = this.#restOf(rest, exhausted ? range : undefined, rows.at(-1));
    this.#span.learn(rows.length, this.#rest.after - range.after);
    // After setval or a restore the log may have a gap of any width, which windows alone would cross at their own pace.
    if (rows.length === 0 && skipGap && this.#rest.after < this.#rest.until) this.#rest = await skipGap(this.#rest);
    const last = decoded?.failure !== undefined || this.#remaining === 0 || this.#rest.after >= this.#rest.until;
    return { last, rows: rows.length, decode: () => decoded ?? this.#decode(rows) };
  }

  /** The next page, which may have been asked for before; with it, where that is wanted, the one behind it. */
  #take(rest: Range): Asked {
    // Where a gap was skipped, it lies behind.
    if (this.#ahead && this.#ahead.range.after < rest.after) this.#ahead = undefined;
    const known = this.#ahead;
    const page = known?.range.after === rest.after ? known : this.#ask(known ? { after: rest.after, until: known.range.after } : rest);
    if (page === known) this.#ahead = undefined;
    if (!this.#ahead && this.#readsAhead && page.range.until < rest.until) {
      this.#ahead = this.#ask({ after: page.range.until, until: rest.until });
      // Heard where it is awaited; until then a failure must not count as unhandled.
      this.#ahead.answer.catch(() => {});
    }
    return page;
  }

  /** Not before the first page, which says how wide one is. */
  get #readsAhead(): boolean {
    return this.#span.known && (this.#reading.ahead?.() ?? false);
  }

  #ask(rest: Range): Asked {
    const { fetch, mostRows } = this.#reading;
    const rows = Math.min(this.#size.rows, this.#remaining * this.#rowsOfItem, mostRows?.() ?? Number.POSITIVE_INFINITY);
    const window = this.#windowOf(rest);
    const range = this.#readsAhead ? { after: window.after, until: Math.min(window.until, window.after + this.#span.of(rows)) } : window;
    const sent = performance.now();
    const answer = fetch(range, rows).then((found) => ({ rows: found, tookMs: performance.now() - sent }));
    return { range, whole: range.until - range.after === this.#window.positions, rows, answer };
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
