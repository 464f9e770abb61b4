import type { TextRow } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { decodeLogEvent } from "../read/decode.ts";
import type { Anchor, FollowedBatch, FollowedEvent } from "./follow.ts";
import { type Log, placeOf, type RowPage, type Wanted } from "./log-pages.ts";
import type { Mark, Marks } from "./mark.ts";

export interface CatchUp {
  readonly log: Log;
  readonly marks: Marks;
  readonly wanted: Wanted;
  readonly from: Anchor;
  /** Read before; how far this reading goes. */
  readonly mark: Mark;
  readonly until: number;
  readonly batchSize: number;
  readonly signal: AbortSignal;
}

interface AnchoredPage extends Pick<RowPage, "rows" | "last"> {
  /** What a follower may keep once it has had the page. */
  readonly anchor: Anchor;
}

/** The database is another one than the mark was read from. What was read since may have gaps, so that it is thrown away. */
export class HistoryChanged extends Error {}

/**
 * One follower alone, from its anchor to the mark, filtered on the server, the next page on its way while one is worked on.
 *
 * @throws {@link HistoryChanged}
 */
export async function* catchUp(reading: CatchUp): AsyncGenerator<FollowedBatch, void, undefined> {
  const bound = Math.min(reading.mark.position, reading.until);
  if (bound < reading.from.position) return;
  const pages = anchoredPages(reading, bound);
  let coming = pages.next(reading.from);
  try {
    let anchor = reading.from;
    for (let last = false; !last;) {
      const page = await coming;
      last = page.last;
      if (!last) {
        coming = pages.next(page.anchor);
        // Heard where it is awaited; until then a failure must not count as unhandled.
        coming.catch(() => {});
      }
      yield* batches(page, anchor, reading);
      anchor = page.anchor;
    }
  } finally {
    await coming.catch(() => {});
  }
}

function anchoredPages({ log, marks, wanted, from, mark, until, signal }: CatchUp, bound: number): { next(before: Anchor): Promise<AnchoredPage> } {
  const pages = log.open(from.position, bound, wanted, signal);
  const unfiltered = wanted.tenant === undefined && !wanted.filter && !wanted.shard;

  async function anchorOf({ rows, reached, last }: RowPage, before: Anchor): Promise<Anchor> {
    if (last && mark.position <= until) return mark.position >= before.position ? { position: mark.position, id: mark.id } : before;
    const row = rows.at(-1);
    if (row && (unfiltered || toSafeInteger(row["position"]) === reached)) return placeOf(row);
    if (unfiltered && !last) return before;
    const there = await log.lastEvent(reached, signal);
    return there.position < before.position ? before : there;
  }

  return {
    async next(before) {
      const page = await pages.next();
      const anchor = await anchorOf(page, before);
      const last = page.rows.at(-1);
      // A page that ends with the very event of the mark was read from the log that the mark is of.
      const { history } = last?.["id"] === mark.id ? mark : await marks.read(signal);
      if (history !== mark.history) throw new HistoryChanged();
      return { rows: page.rows, last: page.last, anchor };
    },
  };
}

function* batches(page: AnchoredPage, before: Anchor, { mark, batchSize }: CatchUp): Generator<FollowedBatch, void, undefined> {
  const { rows, anchor } = page;
  for (let from = 0; from + batchSize < rows.length; from += batchSize) {
    const some = rows.slice(from, from + batchSize);
    yield { events: some.map(followed), anchor: placeOf(some.at(-1) ?? {}), mark: mark.position, caughtUp: false };
  }
  const rest = rows.slice(Math.floor(Math.max(0, rows.length - 1) / batchSize) * batchSize);
  if (rest.length === 0 && anchor.position === before.position && anchor.id === before.id) return;
  yield { events: rest.map(followed), anchor, mark: mark.position, caughtUp: anchor.position >= mark.position };
}

export function followed(row: TextRow): FollowedEvent {
  return { event: decodeLogEvent(row), stream: toSafeInteger(row["stream_number"]) };
}
