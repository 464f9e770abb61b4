import { checkUuid } from "../arguments/uuid.ts";
import { decodedParts, type EventCodec } from "../catalogue/event-codec.ts";
import type { Queryable } from "../database/database.ts";
import type { CallOptions } from "../model/calls.ts";
import { asRecorded, type BoundaryQuery, type Event, type RecordedEvent } from "../model/event.ts";
import type { BoundaryEvents } from "./boundary.ts";
import type { CausationTree, ReadCausationOptions, ReadCorrelationOptions } from "./causation.ts";
import { CausationReader } from "./causation-reader.ts";
import { decodeLogEvent } from "./decode.ts";
import { type FirstPages, singleFirstPages } from "./first-pages.ts";
import { LogReader } from "./log-reader.ts";
import {
  checkEventByIdOptions,
  checkStreamsOptions,
  type EventByIdOptions,
  type FoldedStream,
  type ReadAllOptions,
  type ReadBoundaryOptions,
  type ReadStreamOptions,
  type StreamFold,
  type StreamsOptions,
} from "./options.ts";
import { eachOf } from "./pages.ts";
import type { RangePages } from "./range-pages.ts";
import { ReaderStatements } from "./reader-statements.ts";
import type { SnapshotPage } from "./snapshot-page.ts";
import type { StatementsBySize } from "./statements-by-size.ts";
import type { SnapshotIdentity } from "./stored-snapshot.ts";
import { StreamReader, type StreamReading } from "./stream-reader.ts";
import { listStreams } from "./streams.ts";
import type { EventSequence, StreamInfo } from "./types.ts";
import type { Reading } from "../tracing/messages.ts";
import { reading } from "../tracing/operations.ts";
import type { TracedPlace } from "../tracing/traced-store.ts";
import { type TracePages, tracePages } from "./trace-pages.ts";

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
  /** Reads the first pages of streams together with those that other calls ask for. @defaultValue one statement for each */
  readonly firstPages?: FirstPages;
  /** Of which store it reads, for tracing. Undefined: it is not traced. */
  readonly place?: TracedPlace;
}

/** Reads for one tenant, through the pool or inside a transaction. */
export class Reader {
  readonly #queryable: Queryable;
  readonly #statements: ReaderStatements;
  readonly #codec: EventCodec;
  readonly #tenant: string;
  readonly #log: LogReader;
  readonly #streams: StreamReader;
  readonly #causation: CausationReader;
  readonly #place: TracedPlace | undefined;
  readonly #tracePages: TracePages;

  constructor({ queryable, statements, codec, tenant, mark, recentMark = mark, firstPages, place }: ReaderOptions) {
    this.#queryable = queryable;
    this.#statements = new ReaderStatements(queryable, statements);
    this.#codec = codec;
    this.#tenant = tenant;
    this.#place = place;
    this.#tracePages = tracePages(place);
    const shared = { statements: this.#statements, codec, tenant, tracePages: this.#tracePages };
    this.#log = new LogReader({ ...shared, mark, recentMark });
    this.#causation = new CausationReader({ ...shared, log: this.#log });
    this.#streams = new StreamReader({
      ...shared,
      firstPages: firstPages ?? singleFirstPages(queryable, statements),
      sharesFirstPages: firstPages !== undefined,
    });
  }

  readStream<E extends Event = Event>(streamId: string, options?: ReadStreamOptions): EventSequence<E> {
    return this.#streams.readStream<E>(streamId, options);
  }

  readAll<E extends Event = Event>(options?: ReadAllOptions): EventSequence<E> {
    return this.#log.readAll<E>(options);
  }

  readBoundary<E extends Event = Event>(query: BoundaryQuery, options?: ReadBoundaryOptions): Promise<BoundaryEvents<RecordedEvent<E>>> {
    return this.#trace(
      { operation: "readBoundary" },
      () => this.#log.readBoundary<E>(query, options),
      ({ events }) => events.length,
    );
  }

  aggregateStream<State, E extends Event = Event>(streamId: string, fold: StreamFold<State, RecordedEvent<E>>): Promise<FoldedStream<State>> {
    return this.#trace(
      { operation: "aggregateStream", streamId },
      () => this.#streams.aggregateStream<State, E>(streamId, fold),
      ({ version }) => version,
    );
  }

  streamInfo(streamId: string, options?: CallOptions): Promise<StreamInfo> {
    return this.#trace(
      { operation: "streamInfo", streamId },
      () => this.#streams.streamInfo(streamId, options),
      () => 0,
    );
  }

  streams(options?: StreamsOptions): AsyncIterable<StreamInfo> {
    const checked = checkStreamsOptions(options);
    return {
      [Symbol.asyncIterator]: () =>
        eachOf(this.#tracePages(listStreams(this.#queryable, this.#statements.current, this.#tenant, checked), { operation: "streams" }), checked.signal),
    };
  }

  eventById<E extends Event = Event>(id: string, options?: EventByIdOptions): Promise<RecordedEvent<E> | undefined> {
    return this.#trace(
      { operation: "eventById" },
      () => this.#eventById<E>(id, options),
      (event) => (event ? 1 : 0),
    );
  }

  async #eventById<E extends Event>(id: string, options: EventByIdOptions | undefined): Promise<RecordedEvent<E> | undefined> {
    const { signal, ...shapes } = checkEventByIdOptions(options);
    const decoder = this.#codec.decoder(shapes);
    const [row] = await this.#statements.rows(this.#statements.current.eventById, [this.#tenant, checkUuid(id, "id")], signal);
    if (!row) return undefined;
    const [first] = decodedParts(decodeLogEvent(row), decoder);
    return first && asRecorded<E>(first);
  }

  readCausation<E extends Event = Event>(id: string, options?: ReadCausationOptions): Promise<CausationTree<E>> {
    return this.#trace(
      { operation: "readCausation" },
      () => this.#causation.readCausation<E>(id, options),
      ({ causes }) => causes.length + 1,
    );
  }

  readCorrelation<E extends Event = Event>(correlationId: string, options?: ReadCorrelationOptions): EventSequence<E> {
    return this.#causation.readCorrelation<E>(correlationId, options);
  }

  /** One reading of a stream: its events as they are today, and the places of what is stored. Checks nothing. */
  streamPages<E extends Event>(streamId: string, options: StreamReading): RangePages<RecordedEvent<E>> {
    return this.#streams.streamPages<E>(streamId, options);
  }

  /** A stream's first events behind its snapshot, where it has one, by one statement. */
  readFromSnapshot<E extends Event = Event>(streamId: string, name: SnapshotIdentity, signal: AbortSignal | undefined): Promise<SnapshotPage<E>> {
    return this.#trace(
      { operation: "readSnapshot", streamId },
      () => this.#streams.readFromSnapshot<E>(streamId, name, signal),
      ({ first, last }) => (first && last ? last.version - first.version + 1 : 0),
    );
  }

  #trace<T>(subject: Reading, work: () => Promise<T>, eventsOf: (value: T) => number): Promise<T> {
    return reading.trace(
      this.#place,
      () => ({ ...subject }),
      work,
      (value) => ({ result: { events: eventsOf(value) } }),
    );
  }
}
