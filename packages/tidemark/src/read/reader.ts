import { checkBoundaryQuery } from "../arguments/boundary-query.ts";
import { checkStreamId } from "../arguments/names.ts";
import { quoteText } from "../arguments/describe-value.ts";
import { checkUuid } from "../arguments/uuid.ts";
import { decodedParts, type EventCodec } from "../catalogue/event-codec.ts";
import { storedQuery } from "../catalogue/stored-query.ts";
import type { Queryable, Statement, TextRow, Value } from "../database/database.ts";
import { toSafeInteger } from "../database/number.ts";
import { DatabaseError } from "../errors/database.ts";
import { InvalidArgumentError } from "../errors/errors.ts";
import { asRecorded, type BoundaryQuery, categoryOf, type Event, type RecordedEvent } from "../model/event.ts";
import { type BoundaryEvents, isLed, joinedItems, readBoundaryEvents } from "./boundary.ts";
import { decodeEvent, decodeLogEvent, eventsOfRow } from "./decode.ts";
import { checkedFold } from "./evolve.ts";
import { earliestMs, earliestOf } from "./filter.ts";
import { filterSql } from "./filter-sql.ts";
import {
  checkEventByIdOptions,
  checkFold,
  checkReadAllOptions,
  checkReadBoundaryOptions,
  checkReadStreamOptions,
  checkStreamsOptions,
  type EventShapeOptions,
  type FoldedStream,
  type ReadAllOptions,
  type ReadBoundaryOptions,
  type ReadStreamOptions,
  type StreamFold,
  type StreamsOptions,
} from "./options.ts";
import type { PageLimits } from "./page-size.ts";
import { eachOf, readAhead } from "./pages.ts";
import { type SnapshotPage, snapshotPage } from "./snapshot-page.ts";
import type { SnapshotIdentity } from "./stored-snapshot.ts";
import { type FirstPageRequest, type FirstPages, singleFirstPages } from "./first-pages.ts";
import type { StatementsBySize } from "./statements-by-size.ts";
import { type Range, RangePages } from "./range-pages.ts";
import { createSequence } from "./sequence.ts";
import { listStreams, streamInfoOf } from "./streams.ts";
import type { EventSequence, StreamInfo } from "./types.ts";

export interface ReaderOptions {
  /** The pool, or the session of a transaction, which runs one statement at a time. */
  readonly queryable: Queryable;
  /** The store's: what one reader learns of the log's size serves all. */
  readonly statements: StatementsBySize;
  readonly codec: EventCodec;
  readonly tenant: string;
  /** The high-water mark. `Number.MAX_SAFE_INTEGER`: there is none, and everything visible is read. */
  readonly mark: (signal?: AbortSignal) => Promise<number>;
  /** The mark as it was a moment ago, for boundaries. @defaultValue mark */
  readonly recentMark?: (signal?: AbortSignal) => Promise<number>;
  /** Reads the beginnings of streams together with those that others ask for. Without it: one statement for each. */
  readonly heads?: FirstPages;
}

/** Checked options of a reading. */
type StreamReading = { readonly [Option in keyof ReadStreamOptions]: ReadStreamOptions[Option] | undefined };

/** Reads for one tenant, through the pool or inside a transaction. */
export class Reader {
  readonly #queryable: Queryable;
  readonly #codec: EventCodec;
  readonly #tenant: string;
  readonly #mark: (signal?: AbortSignal) => Promise<number>;
  readonly #recentMark: (signal?: AbortSignal) => Promise<number>;
  readonly #limits: PageLimits;
  readonly #statements: StatementsBySize;
  readonly #heads: FirstPages | undefined;

  constructor({ queryable, statements, codec, tenant, mark, recentMark = mark, heads }: ReaderOptions) {
    this.#queryable = queryable;
    this.#codec = codec;
    this.#tenant = tenant;
    this.#mark = mark;
    this.#recentMark = recentMark;
    this.#heads = heads;
    this.#statements = statements;
    this.#limits = statements.limits;
  }

  readStream<E extends Event = Event>(streamId: string, options?: ReadStreamOptions): EventSequence<E> {
    const checked = checkReadStreamOptions(options);
    const open = this.#streamPages<E>(checkStreamId(streamId, "streamId"), checked);
    return createSequence(open, checked.signal);
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
        limits: this.#limits,
        skipGap: (rest) => this.#skipGap(rest, backward, signal),
        bounds: async () => {
          const range = { after, until: Math.min(until, await this.#end(signal)) };
          return since === undefined ? range : { ...range, after: await this.#positionSince(since, range, signal) };
        },
        fetch: (range, rows) =>
          this.#rows(
            this.#statements.current.logPage(backward, rows <= this.#limits.firstRows, all, filtered),
            [range.after, range.until, rows, ...values],
            signal,
          ),
        decode: eventsOfRow<E>(decoder, decodeLogEvent),
        key: (row) => toSafeInteger(row["position"]),
      });
    return createSequence(open, signal);
  }

  async readBoundary<E extends Event = Event>(query: BoundaryQuery, options?: ReadBoundaryOptions): Promise<BoundaryEvents<RecordedEvent<E>>> {
    const items = checkBoundaryQuery(query, "query");
    const { signal, as, raw } = checkReadBoundaryOptions(options);
    const decoder = this.#codec.decoder({ filter: items, as, raw });
    // As the append's condition asks, which counts stored events: also what is no match any more as it is read today.
    const stored = storedQuery(items, this.#codec);
    const mark = await this.#recentMark(signal);
    if (mark === Number.MAX_SAFE_INTEGER) throw noBoundary();
    this.#statements.saw(mark);
    const led = isLed(items);
    const filtered = filterSql(stored, 5, false);
    const lists = [joinedItems(stored.map(({ types }) => types)), joinedItems(stored.map(({ tags }) => tags))];
    return await readBoundaryEvents({
      mark,
      led,
      limits: this.#limits,
      signal,
      fetch: (range, rows) =>
        led
          ? this.#rows(this.#statements.current.matchPage, [range.after, range.until, rows, this.#tenant, ...lists], signal)
          : this.#rows(
              this.#statements.current.logPage(false, true, false, filtered),
              [range.after, range.until, rows, this.#tenant, ...filtered.values],
              signal,
            ),
      skipGap: (rest) => this.#skipGap(rest, false, signal),
      decode: eventsOfRow<E>(decoder, decodeLogEvent),
    });
  }

  async aggregateStream<State, E extends Event = Event>(streamId: string, fold: StreamFold<State, RecordedEvent<E>>): Promise<FoldedStream<State>> {
    const { initialState, evolve, from, ...bounds } = checkFold(fold);
    const folding = checkedFold({ initialState, evolve }, "fold");
    // With the last event in the given state, which must be there: a state ahead of its stream is of another stream, or of lost events.
    const pages = this.#streamPages<E>(checkStreamId(streamId, "streamId"), { ...bounds, fromVersion: from?.version ?? 0 }, from?.version)();
    let state = from ? from.state : folding.initialState();
    for await (const events of readAhead(pages, bounds.signal)) {
      for (const event of events) state = folding.evolve(state, event);
    }
    if (from && from.version > 0 && versionOf(pages.firstRow) !== from.version) throw aheadOfStream(streamId, from.version, bounds.asOf);
    // Of what is stored: an event of which the catalogue makes none stands in the stream all the same.
    const version = versionOf(pages.lastRow);
    return { state, version, exists: version > 0 };
  }

  async streamInfo(streamId: string): Promise<StreamInfo> {
    const checked = checkStreamId(streamId, "streamId");
    const [row] = await this.#rows(this.#statements.current.streamInfo, [this.#tenant, checked]);
    return streamInfoOf(checked, row);
  }

  streams(options?: StreamsOptions): AsyncIterable<StreamInfo> {
    const checked = checkStreamsOptions(options);
    return { [Symbol.asyncIterator]: () => eachOf(listStreams(this.#queryable, this.#statements.current, this.#tenant, checked)) };
  }

  async eventById<E extends Event = Event>(id: string, options?: EventShapeOptions): Promise<RecordedEvent<E> | undefined> {
    const decoder = this.#codec.decoder(checkEventByIdOptions(options));
    const [row] = await this.#rows(this.#statements.current.eventById, [this.#tenant, checkUuid(id, "id")]);
    if (!row) return undefined;
    const [first] = decodedParts(decodeLogEvent(row), decoder);
    return first && asRecorded<E>(first);
  }

  /** One reading of a stream: its events as they are today, and the places of what is stored. Checks nothing. */
  streamPages<E extends Event>(streamId: string, options: StreamReading): RangePages<RecordedEvent<E>> {
    return this.#streamPages<E>(streamId, options)();
  }

  /** @param folded - The version of an event that has to be there and is not wanted: it is not decoded, which may fail by now. */
  #streamPages<E extends Event>(streamId: string, options: StreamReading, folded = 0): () => RangePages<RecordedEvent<E>> {
    const { fromVersion = 1, toVersion = Number.MAX_SAFE_INTEGER, direction, limit = Number.POSITIVE_INFINITY, asOf, signal, as, raw } = options;
    const decoder = this.#codec.decoder({ as, raw });
    const backward = direction === "backward";
    const values = asOf ? [Math.max(asOf.getTime(), earliestMs)] : [];
    const category = categoryOf(streamId);
    const decode = eventsOfRow<E>(decoder, (row) => decodeEvent(row, this.#tenant, streamId, category));
    return () =>
      new RangePages({
        backward,
        limit,
        signal,
        windowed: false,
        limits: this.#limits,
        bounds: () => ({ after: Math.max(0, fromVersion - 1), until: toVersion }),
        fetch: (range, rows) =>
          this.#heads && !backward && !asOf && rows <= this.#limits.firstRows
            ? this.#head(this.#heads, { tenant: this.#tenant, streamId, ...range, rows }, signal)
            : this.#rows(
                this.#statements.current.streamPage(backward, rows <= this.#limits.firstRows, asOf !== undefined),
                [this.#tenant, streamId, range.after, range.until, rows, ...values],
                signal,
              ),
        decode: folded === 0 ? decode : (row, into) => (versionOf(row) === folded ? undefined : decode(row, into)),
        key: versionOf,
      });
  }

  /** A stream's first events behind its snapshot, where it has one, by one statement. */
  async readFromSnapshot<E extends Event = Event>(streamId: string, name: SnapshotIdentity, signal: AbortSignal | undefined): Promise<SnapshotPage<E>> {
    const rows = this.#limits.firstRows;
    const request = { tenant: this.#tenant, streamId, after: 0, until: Number.MAX_SAFE_INTEGER, rows, kept: { ...name, catalogue: this.#codec.fingerprint } };
    const heads = this.#heads ?? singleFirstPages(this.#queryable, this.#statements);
    const found = await this.#head(heads, request, signal);
    const category = categoryOf(streamId);
    const decode = eventsOfRow<E>(this.#codec.decoder(), (row) => decodeEvent(row, this.#tenant, streamId, category));
    return snapshotPage(found, rows, decode);
  }

  async #head(heads: FirstPages, request: FirstPageRequest, signal: AbortSignal | undefined): Promise<readonly TextRow[]> {
    const rows = await heads.read(request, signal);
    this.#statements.saw(Number(rows.at(-1)?.["position"] ?? 0));
    return rows;
  }

  async #skipGap({ after, until }: Range, backward: boolean, signal: AbortSignal | undefined): Promise<Range> {
    const statement = backward ? this.#statements.current.positionBefore : this.#statements.current.positionAfter;
    const [row] = await this.#rows(statement, [after, until], signal);
    if (row?.["position"] == null) return { after: until, until };
    const position = toSafeInteger(row["position"]);
    return backward ? { after, until: position } : { after: position - 1, until };
  }

  /** Asked after the end is known: what is recorded in time up to there can be seen now. */
  async #positionSince(since: number, { after, until }: Range, signal: AbortSignal | undefined): Promise<number> {
    const [row] = await this.#queryable.query(this.#statements.current.positionSince, [since, after], { signal });
    return row?.["position"] == null ? until : Math.min(until, toSafeInteger(row["position"]));
  }

  /** Where a reading of the log ends, whatever is written meanwhile. */
  async #end(signal: AbortSignal | undefined): Promise<number> {
    const mark = await this.#mark(signal);
    if (mark < Number.MAX_SAFE_INTEGER) {
      this.#statements.saw(mark);
      return mark;
    }
    const [row] = await this.#rows(this.#statements.current.lastPosition, [], signal);
    return toSafeInteger(row?.["position"]);
  }

  async #rows(statement: Statement, values: readonly Value[], signal?: AbortSignal): Promise<readonly TextRow[]> {
    const rows = await this.#queryable.query(statement, values, { signal });
    this.#statements.saw(Number(rows.at(-1)?.["position"] ?? 0));
    return rows;
  }
}

/** 0 where there is no row. */
function versionOf(row: TextRow | undefined): number {
  return row ? toSafeInteger(row["version"]) : 0;
}

function aheadOfStream(streamId: string, version: number, asOf: Date | undefined): InvalidArgumentError {
  const until = asOf ? ` at ${asOf.toISOString()}` : "";
  return new InvalidArgumentError(
    "fold.from.version",
    `is ${version}, but stream ${quoteText(streamId)} has no event of this version${until}; the state is of another stream, or newer than what is to be read`,
  );
}

/** There is no mark in an old snapshot, and an append could not be checked against it either. */
function noBoundary(): DatabaseError {
  return new DatabaseError(
    "A boundary can be read, and a condition be kept, in a transaction under READ COMMITTED only: under REPEATABLE READ and SERIALIZABLE it would not see what was committed meanwhile.",
    { sqlState: "TM001" },
  );
}
