import type { Queryable, TextRow, Value } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { filterSql } from "../read/filter-sql.ts";
import { earliestOf, type ValidQueryItem } from "../read/filter.ts";
import { defaultPageLimits } from "../read/page-size.ts";
import type { Pages } from "../read/pages.ts";
import { type Range, RangePages } from "../read/range-pages.ts";
import type { StatementsBySize } from "../read/statements-by-size.ts";

/** The streams whose number modulo `of` is `index`. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** Which events a follower wants. */
export interface Wanted {
  /** Undefined: those of all tenants. */
  readonly tenant: string | undefined;
  readonly filter: readonly ValidQueryItem[] | undefined;
  readonly shard: Shard | undefined;
}

/** Everything, for all who follow together. */
export const everything: Wanted = { tenant: undefined, filter: undefined, shard: undefined };

/** A page of the log as rows, and how far it was read: everything wanted at or below `reached` has come. */
export interface RowPage {
  readonly rows: readonly TextRow[];
  readonly reached: number;
  readonly last: boolean;
}

export interface RowPages {
  next(): Promise<RowPage>;
}

/** Where an event stands; id null where none was seen yet. */
export interface Place {
  readonly position: number;
  readonly id: string | null;
}

/** What stands at a place of the log now. */
export interface Found {
  readonly id: string | undefined;
  /** Where the log ends. */
  readonly lastPosition: number;
  /** A standby, whose log may still be behind. */
  readonly inRecovery: boolean;
}

/** How much at once is asked of a log. Asked before each page. */
export interface PagePace {
  /** The most rows of the page. */
  mostRows(): number;
  /** Whether two statements may run at once: see `RangeReading.ahead`. */
  ahead(): boolean;
}

/** The log as followers read it. */
export interface Log {
  /** What is wanted above `after` and at or below `until`, which must not be above the high-water mark. */
  open(after: number, until: number, wanted: Wanted, signal: AbortSignal, pace?: PagePace): RowPages;
  /** The last event at or below a position; position 0 where there is none. */
  lastEvent(position: number, signal: AbortSignal): Promise<Place>;
  find(position: number, signal: AbortSignal): Promise<Found>;
}

/** Read from the database, filtered on the server. */
export class LogPages implements Log {
  readonly #queryable: Queryable;
  readonly #statements: StatementsBySize;

  constructor(queryable: Queryable, statements: StatementsBySize) {
    this.#queryable = queryable;
    this.#statements = statements;
  }

  open(after: number, until: number, { tenant, filter, shard }: Wanted, signal: AbortSignal, pace?: PagePace): RowPages {
    const all = tenant === undefined;
    const first = all ? 4 : 5;
    const filtered = filter && filterSql(filter, first, all);
    const next = first + (filtered?.values.length ?? 0);
    const sharded = shard && { of: `$${next}::bigint`, index: `$${next + 1}::bigint` };
    const values: Value[] = [...(all ? [] : [tenant]), ...(filtered?.values ?? []), ...(shard ? [shard.of, shard.index] : [])];
    this.#statements.saw(until);
    const since = earliestOf(filter);
    const pages = new RangePages<TextRow>({
      backward: false,
      limit: Number.POSITIVE_INFINITY,
      signal,
      windowed: true,
      limits: defaultPageLimits,
      ...(pace && { mostRows: () => pace.mostRows(), ahead: () => pace.ahead() }),
      bounds: async () => ({ after: since === undefined ? after : await this.#positionSince(since, { after, until }, signal), until }),
      fetch: async (range, rows) => {
        const found = await this.#queryable.query(
          this.#statements.current.followPage(rows <= defaultPageLimits.firstRows, all, filtered, sharded),
          [range.after, range.until, rows, ...values],
          { signal },
        );
        this.#statements.counters.read(found.length);
        return found;
      },
      skipGap: async (rest) => {
        const [row] = await this.#queryable.query(this.#statements.current.positionAfter, [rest.after, rest.until], { signal });
        return { after: row?.["position"] == null ? rest.until : toSafeInteger(row["position"]) - 1, until: rest.until };
      },
      decode: (row, into) => void into.push(row),
      key: (row) => toSafeInteger(row["position"]),
    });
    return rowPages(pages, () => pages.reached ?? after);
  }

  /** Asked after the end is known: what is recorded in time up to there can be seen now. */
  async #positionSince(since: number, { after, until }: Range, signal: AbortSignal): Promise<number> {
    const [row] = await this.#queryable.query(this.#statements.current.positionSince, [since, after], { signal });
    return row?.["position"] == null ? until : Math.min(until, toSafeInteger(row["position"]));
  }

  async lastEvent(position: number, signal: AbortSignal): Promise<Place> {
    const [row] = await this.#queryable.query(this.#statements.current.lastEvent, [position], { signal });
    return row ? placeOf(row) : { position: 0, id: null };
  }

  async find(position: number, signal: AbortSignal): Promise<Found> {
    const [row] = await this.#queryable.query(this.#statements.current.eventAt, [position], { signal });
    return { id: row?.["id"] ?? undefined, lastPosition: toSafeInteger(row?.["last_position"]), inRecovery: row?.["in_recovery"] === "true" };
  }
}

export function placeOf(row: TextRow): Place {
  return { position: toSafeInteger(row["position"]), id: row["id"] ?? null };
}

function rowPages(pages: Pages<TextRow>, reached: () => number): RowPages {
  return {
    async next() {
      const page = await pages.next();
      return { rows: page.decode().items, reached: reached(), last: page.last };
    },
  };
}
