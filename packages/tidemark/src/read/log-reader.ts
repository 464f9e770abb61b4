import { checkBoundaryQuery } from "../arguments/boundary-query.ts";
import type { EventCodec } from "../catalogue/event-codec.ts";
import { storedQuery } from "../catalogue/stored-query.ts";
import { toSafeInteger } from "../database/number.ts";
import { DatabaseError } from "../errors/database.ts";
import type { BoundaryQuery, Event, RecordedEvent } from "../model/event.ts";
import { type BoundaryEvents, isLed, joinedItems, readBoundaryEvents } from "./boundary.ts";
import { decodeLogEvent, eventsOfRow } from "./decode.ts";
import { earliestOf } from "./filter.ts";
import { filterSql } from "./filter-sql.ts";
import { checkReadAllOptions, checkReadBoundaryOptions, type ReadAllOptions, type ReadBoundaryOptions } from "./options.ts";
import { type Range, RangePages } from "./range-pages.ts";
import type { ReaderStatements } from "./reader-statements.ts";
import { createSequence } from "./sequence.ts";
import type { EventSequence } from "./types.ts";
import type { TracePages } from "./trace-pages.ts";

export interface LogReaderOptions {
  readonly statements: ReaderStatements;
  readonly codec: EventCodec;
  readonly tenant: string;
  /** The high-water mark. `Number.MAX_SAFE_INTEGER`: there is none, and everything visible is read. */
  readonly mark: (signal?: AbortSignal) => Promise<number>;
  /** The mark as it was a moment ago, for boundaries. */
  readonly recentMark: (signal?: AbortSignal) => Promise<number>;
  readonly tracePages: TracePages;
}

/** Reads the log of one tenant, or of all, up to the mark; and boundaries, past it. */
export class LogReader {
  readonly #statements: ReaderStatements;
  readonly #codec: EventCodec;
  readonly #tenant: string;
  readonly #mark: (signal?: AbortSignal) => Promise<number>;
  readonly #recentMark: (signal?: AbortSignal) => Promise<number>;
  readonly #tracePages: TracePages;

  constructor({ statements, codec, tenant, mark, recentMark, tracePages }: LogReaderOptions) {
    this.#statements = statements;
    this.#codec = codec;
    this.#tenant = tenant;
    this.#mark = mark;
    this.#recentMark = recentMark;
    this.#tracePages = tracePages;
  }

  readAll<E extends Event = Event>(options?: ReadAllOptions): EventSequence<E> {
    const {
      after = 0,
      until = Number.MAX_SAFE_INTEGER,
      direction,
      limit = Number.POSITIVE_INFINITY,
      filter,
      tenants = "own",
      signal,
      as,
      raw,
    } = checkReadAllOptions(options);
    const decoder = this.#codec.decoder({ filter, as, raw });
    const all = tenants === "all";
    const backward = direction === "backward";
    const filtered = decoder.filter && filterSql(decoder.filter, all ? 4 : 5, all);
    const values = [...(all ? [] : [this.#tenant]), ...(filtered?.values ?? [])];
    const since = earliestOf(filter);
    const open = (): RangePages<RecordedEvent<E>> =>
      new RangePages({
        backward,
        limit,
        signal,
        windowed: true,
        limits: this.#statements.limits,
        skipGap: (rest) => this.#skipGap(rest, backward, signal),
        bounds: async () => {
          const range = { after, until: Math.min(until, await this.end(signal)) };
          return since === undefined ? range : { ...range, after: await this.#positionSince(since, range, signal) };
        },
        fetch: (range, rows) =>
          this.#statements.rows(
            this.#statements.current.logPage(backward, rows <= this.#statements.limits.firstRows, all, filtered),
            [range.after, range.until, rows, ...values],
            signal,
          ),
        decode: eventsOfRow<E>(decoder, decodeLogEvent),
        key: (row) => toSafeInteger(row["position"]),
      });
    return createSequence(() => this.#tracePages(open(), { operation: "readAll" }), signal);
  }

  async readBoundary<E extends Event = Event>(query: BoundaryQuery, options?: ReadBoundaryOptions): Promise<BoundaryEvents<RecordedEvent<E>>> {
    const items = checkBoundaryQuery(query, "query");
    const { signal, as, raw } = checkReadBoundaryOptions(options);
    const decoder = this.#codec.decoder({ filter: items, as, raw });
    // As the append's condition asks, which counts stored events: also what is no match any more as it is read today.
    const stored = storedQuery(items, this.#codec);
    const mark = await this.#recentMark(signal);
    if (mark === Number.MAX_SAFE_INTEGER) throw noBoundary();
    this.#statements.sawPosition(mark);
    const led = isLed(items);
    const filtered = filterSql(stored, 5, false);
    const lists = [joinedItems(stored.map(({ types }) => types)), joinedItems(stored.map(({ tags }) => tags))];
    return await readBoundaryEvents({
      mark,
      led,
      limits: this.#statements.limits,
      signal,
      fetch: (range, rows) =>
        led
          ? this.#statements.rows(this.#statements.current.matchPage, [range.after, range.until, rows, this.#tenant, ...lists], signal)
          : this.#statements.rows(
              this.#statements.current.logPage(false, true, false, filtered),
              [range.after, range.until, rows, this.#tenant, ...filtered.values],
              signal,
            ),
      skipGap: (rest) => this.#skipGap(rest, false, signal),
      decode: eventsOfRow<E>(decoder, decodeLogEvent),
    });
  }

  async #skipGap({ after, until }: Range, backward: boolean, signal: AbortSignal | undefined): Promise<Range> {
    const statement = backward ? this.#statements.current.positionBefore : this.#statements.current.positionAfter;
    const [row] = await this.#statements.rows(statement, [after, until], signal);
    if (row?.["position"] == null) return { after: until, until };
    const position = toSafeInteger(row["position"]);
    return backward ? { after, until: position } : { after: position - 1, until };
  }

  /** Asked after the end is known: what is recorded in time up to there can be seen now. */
  async #positionSince(since: number, { after, until }: Range, signal: AbortSignal | undefined): Promise<number> {
    const [row] = await this.#statements.rows(this.#statements.current.positionSince, [since, after], signal);
    return row?.["position"] == null ? until : Math.min(until, toSafeInteger(row["position"]));
  }

  /** Has the statements that follow planned for a log of today's size, where nothing else that is read tells how long it is. */
  async learnSize(signal: AbortSignal | undefined): Promise<void> {
    const mark = await this.#recentMark(signal);
    if (mark < Number.MAX_SAFE_INTEGER) this.#statements.sawPosition(mark);
    else await this.end(signal);
  }

  /** Where a reading of the log ends, whatever is written meanwhile. */
  async end(signal: AbortSignal | undefined): Promise<number> {
    const mark = await this.#mark(signal);
    if (mark < Number.MAX_SAFE_INTEGER) {
      this.#statements.sawPosition(mark);
      return mark;
    }
    const [row] = await this.#statements.rows(this.#statements.current.lastPosition, [], signal);
    return toSafeInteger(row?.["position"]);
  }
}

/** There is no mark in an old snapshot, and an append could not be checked against it either. */
function noBoundary(): DatabaseError {
  return new DatabaseError(
    "A boundary can be read, and a condition be kept, in a transaction under READ COMMITTED only: under REPEATABLE READ and SERIALIZABLE it would not see what was committed meanwhile.",
    { sqlState: "TM001" },
  );
}
