import type { ValidBoundaryItem } from "../arguments/boundary-query.ts";
import type { TextRow } from "../database/database.ts";
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
  decode(row: TextRow): T;
  position(event: T): number;
}

/** More than any statement returns. */
const all = 2_147_483_647;

/**
 * Everything committed that matches: up to the mark page by page, for nothing can appear there any more, and above it in one
 * statement, so that the whole is what stood there at one moment. The number of events above the mark tells later whether
 * there are others: an append that was open when they were read may end below the last of them.
 */
export async function readBoundaryEvents<T>(reading: BoundaryReading<T>): Promise<BoundaryEvents<T>> {
  const { mark, led, limits, fetch, decode, position } = reading;
  const events: T[] = [];
  if (led) {
    const rows = await fetch({ after: 0, until: Number.MAX_SAFE_INTEGER }, limits.firstRows);
    const first = rows.map(decode);
    if (first.length < limits.firstRows) return tokenOf(mark, first, position);
    events.push(...first.filter((event) => position(event) <= mark));
  }
  const last = events.at(-1);
  const below = new RangePages({
    backward: false,
    limit: Number.POSITIVE_INFINITY,
    signal: reading.signal,
    windowed: !led,
    limits,
    skipGap: reading.skipGap,
    bounds: () => ({ after: last === undefined ? 0 : position(last), until: mark }),
    fetch,
    decode,
    key: position,
  });
  for await (const page of readAhead(below, reading.signal)) for (const event of page) events.push(event);
  for (const row of await fetch({ after: mark, until: Number.MAX_SAFE_INTEGER }, all)) events.push(decode(row));
  return tokenOf(mark, events, position);
}

/** Whether every alternative has a tag. */
export function isLed(items: readonly ValidBoundaryItem[]): boolean {
  return items.every(({ tags }) => tags !== undefined);
}

function tokenOf<T>(mark: number, events: readonly T[], position: (event: T) => number): BoundaryEvents<T> {
  const below = events.findIndex((event) => position(event) > mark);
  return { events, boundary: { mark, above: below === -1 ? 0 : events.length - below } };
}
