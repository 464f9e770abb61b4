import type { TextRow } from "../database/database.ts";

/** How large pages are. Tests make them tiny. */
export interface PageLimits {
  /** The rows of the first page. A page of no more is not bounded by its events' sizes. */
  readonly firstRows: number;
  /** No more than the garbage collector finds dead when it comes: pages of 4,000 rows outlive it, and cost a reader half its time. */
  readonly maxRows: number;
  /** What a page is aimed at, as text. */
  readonly bytes: number;
  /** The most events over 2 kB in a page of more rows, whatever was aimed at. */
  readonly largeEvents: number;
}

export const defaultPageLimits: PageLimits = { firstRows: 128, maxRows: 1_000, bytes: 4 * 1024 * 1024, largeEvents: 32 };

/** Ids, numbers and dates of an event, next to its data and metadata. */
const fixedBytes = 200;

/** Chooses the rows of the next page by the bytes of the last one, so that large events come a few at a time. */
export class PageSize {
  readonly #limits: PageLimits;
  rows: number;

  constructor(limits: PageLimits) {
    this.#limits = limits;
    this.rows = limits.firstRows;
  }

  learn(page: readonly TextRow[]): void {
    if (page.length === 0) return;
    let bytes = page.length * fixedBytes;
    for (const row of page) bytes += (row["data"]?.length ?? 0) + (row["metadata"]?.length ?? 0);
    const fitting = Math.floor((this.#limits.bytes * page.length) / bytes);
    this.rows = Math.max(1, Math.min(this.#limits.maxRows, fitting));
  }
}
