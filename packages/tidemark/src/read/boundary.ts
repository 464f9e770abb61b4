import type { ValidBoundaryItem } from "../arguments/boundary-query.ts";
import type { TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import type { Boundary } from "../model/event.ts";
import type { PageLimits } from "./page-size.ts";
import { readAhead } from "./pages.ts";
import { type Range, RangePages } from "./range-pages.ts";

/** What a decision by tags is made on. */
export interface BoundaryEvents<T> {
  readonly events: readonly T[];
  readonly boundary: Boundary;
}

export interface BoundaryReading<T> {
  /** The high-water mark as it was before any event was read. */
  readonly mark: number;
  /** Whether event_tags leads to all that can match, so that nothing else is looked at. */
  readonly led: boolean;
  readonly limits: PageLimits;
  readonly signal: AbortSignal | undefined;
  /** At most `rows` matching events of a range, the first ones. */
  fetch(range: Range, rows: number): Promise<readonly TextRow[]>;
  skipGap(rest: Range): Promise<Range>;
  /** Adds to `into` what a row is to the reader. */
  decode(row: TextRow, into: T[]): void;
}

/** More than any statement returns. */
const all = 2_147_483_647;

/**
 * Everything committed that matches: up to the mark page by page, for nothing can appear there any more, and above it in one
 * statement, so that the whole is what stood there at one moment. The number of stored events above the mark tells later whether
 * there are others, whatever they are to this reader: an append that was open when they were read may end below the last of them.
 */
export async function readBoundaryEvents<T>(reading: BoundaryReading<T>): Promise<BoundaryEvents<T>> {
  const { mark, led, limits, fetch, decode } = reading;
  const events: T[] = [];
  let after = 0;
  if (led) {
    const rows = await fetch({ after: 0, until: Number.MAX_SAFE_INTEGER }, limits.firstRows);
    const complete = rows.length < limits.firstRows;
    const below = rows.filter((row) => positionOf(row) <= mark);
    for (const row of complete ? rows : below) decode(row, events);
    if (complete) return { events, boundary: { mark, above: rows.length - below.length } };
    after = positionOf(below.at(-1));
  }
  const below = new RangePages({
    backward: false,
    limit: Number.POSITIVE_INFINITY,
    signal: reading.signal,
    windowed: !led,
    limits,
    skipGap: reading.skipGap,
    bounds: () => ({ after, until: mark }),
    fetch,
    decode,
    key: positionOf,
  });
  for await (const page of readAhead(below, reading.signal)) for (const event of page) events.push(event);
  const above = await fetch({ after: mark, until: Number.MAX_SAFE_INTEGER }, all);
  for (const row of above) decode(row, events);
  return { events, boundary: { mark, above: above.length } };
}

/** Whether every alternative has a tag. */
export function isLed(items: readonly ValidBoundaryItem[]): boolean {
  return items.every(({ tags }) => tags !== undefined);
}

/** The lists of several alternatives on the wire: see `matchPage`. */
export function joinedItems(lists: readonly (readonly string[] | undefined)[]): string {
  return lists.map((names = []) => names.join("\x1f")).join("\x1e");
}

/** 0 where there is no row. */
function positionOf(row: TextRow | undefined): number {
  return row ? toSafeInteger(row["position"]) : 0;
}
