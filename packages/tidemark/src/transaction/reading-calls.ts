import type { CallOptions } from "../model/calls.ts";
import type { ReaderVersions } from "../catalogue/event-codec.ts";
import type { Filtered, MatchingEvents, WrittenQuery } from "../model/narrowed-query.ts";
import type { NewestShapes, OlderEvents } from "../model/reader-shapes.ts";
import type { BoundaryQuery, BoundaryReading, Event, EventQuery, RecordedEvent } from "../model/event.ts";
import type { Documents, DocumentsOptions, DocumentSource } from "../documents/types.ts";
import type { CausationTree, ReadCausationOptions, ReadCorrelationOptions } from "../read/causation.ts";
import type { EventByIdOptions, FoldedStream, ReadAllOptions, ReadBoundaryOptions, ReadStreamOptions, StreamFold, StreamsOptions } from "../read/options.ts";
import type { EventSequence, StreamInfo } from "../read/types.ts";

/** The calls that read events and documents. */
export interface ReadingCalls<Events extends Event = Event> {
  /** Reads one stream, page by page. A stream that does not exist has no events. */
  readStream<E extends Events = Events>(streamId: string, options?: ReadStreamOptions & NewestShapes): EventSequence<E>;
  /** The same, in the shapes that `as` asks for: the data of the types that it names has no type. */
  readStream<E extends Events = Events, const As extends ReaderVersions = ReaderVersions>(
    streamId: string,
    options: ReadStreamOptions & { readonly as: As; readonly raw?: false },
  ): EventSequence<OlderEvents<E, As>>;
  /** The same, perhaps as it is stored: with `raw` the events are of any type, and their data has no type unless you name one. */
  readStream<E extends Event = Event>(streamId: string, options?: ReadStreamOptions): EventSequence<E>;

  /**
   * Reads the whole log page by page, filtered on the server, up to the high-water mark of the moment it starts. An event whose append
   * has just returned may still be above the mark.
   *
   * @throws {@link SequenceBehindError} — the sequence of positions is behind the log, for example after a restore of the data alone.
   */
  readAll<E extends Events = Events, const Query extends EventQuery<E> = EventQuery<E>>(
    options?: Filtered<ReadAllOptions<E> & NewestShapes, Query>,
  ): EventSequence<MatchingEvents<E, Query>>;
  /** The same, in the shapes that `as` asks for: the data of the types that it names has no type. */
  readAll<E extends Events = Events, const As extends ReaderVersions = ReaderVersions>(
    options: ReadAllOptions<E> & { readonly as: As; readonly raw?: false },
  ): EventSequence<OlderEvents<E, As>>;
  /** The same, as it is stored: the events are of any type, and their data has no type unless you name one. */
  readAll<E extends Event = Event>(options: ReadAllOptions & { readonly raw: boolean }): EventSequence<E>;
  /** The same, where the options do not say in which shapes. */
  readAll<E extends Event = Event>(options?: ReadAllOptions<E & Events>): EventSequence<E>;

  /**
   * Reads all committed events that match, also above the high-water mark, in the order of positions, and a boundary. `append(events,
   * { condition: { query, after: boundary } })` with the same query fails if there is a match that is not among `events`. The boundary
   * is plain JSON. All events are in memory at once.
   *
   * Alternatives with tags are read through the index on tags; one without tags looks at the whole log.
   *
   * @param query - By types and tags: `[{ types: ["SeatTaken"], tags: ["course:c1"] }]`. `[]` and `[{}]` match everything.
   * @throws {@link SequenceBehindError} — the sequence of positions is behind the log, for example after a restore of the data alone.
   * @throws {@link InvalidArgumentError} — the query is not by types and tags alone.
   * @throws {@link DatabaseError} — with `sqlState` TM001, in your own transaction, if it is not READ COMMITTED.
   */
  readBoundary<E extends Events = Events, const Query extends BoundaryQuery<E> = BoundaryQuery<E>>(
    query: WrittenQuery<Query>,
    options?: ReadBoundaryOptions & NewestShapes,
  ): Promise<BoundaryReading<MatchingEvents<E, Query>>>;
  /** The same, in the shapes that `as` asks for: the data of the types that it names has no type. */
  readBoundary<E extends Events = Events, const As extends ReaderVersions = ReaderVersions>(
    query: BoundaryQuery<E>,
    options: ReadBoundaryOptions & { readonly as: As; readonly raw?: false },
  ): Promise<BoundaryReading<OlderEvents<E, As>>>;
  /** The same, as it is stored: the events are of any type, and their data has no type unless you name one. */
  readBoundary<E extends Event = Event>(query: BoundaryQuery, options: ReadBoundaryOptions & { readonly raw: boolean }): Promise<BoundaryReading<E>>;
  /** The same, where the options do not say in which shapes. */
  readBoundary<E extends Event = Event>(query: BoundaryQuery<E & Events>, options?: ReadBoundaryOptions): Promise<BoundaryReading<E>>;

  /**
   * Folds a stream into a state. An error that `evolve` throws reaches you unchanged.
   *
   * @param fold - `from`: goes on from an earlier result, `{ state, version }`, and reads later events only.
   * @throws {@link InvalidArgumentError} — the stream has no event of the version in `from`.
   */
  aggregateStream<State, E extends Events = Events>(streamId: string, fold: StreamFold<State, RecordedEvent<E>> & NewestShapes): Promise<FoldedStream<State>>;
  /** The same, in older shapes or as it is stored: events whose data has no type unless `evolve` names one. */
  aggregateStream<State, E extends Event = Event>(
    streamId: string,
    fold: StreamFold<State, RecordedEvent<E>> & ({ readonly raw: boolean } | { readonly as: ReaderVersions }),
  ): Promise<FoldedStream<State>>;
  /** The same, where the fold does not say in which shapes. */
  aggregateStream<State, E extends Events = Events>(streamId: string, fold: StreamFold<State, RecordedEvent<E>>): Promise<FoldedStream<State>>;

  /** Returns whether there is a stream, and how long it is. @param options - `signal`: cancels the query on the server. */
  streamInfo(streamId: string, options?: CallOptions): Promise<StreamInfo>;

  /** Lists the streams with events, sorted by the bytes of their names. */
  streams(options?: StreamsOptions): AsyncIterable<StreamInfo>;

  /**
   * Returns the event with this id, or undefined if there is none. With a catalogue of events: the first of the events that it became, or
   * undefined if it became none; `raw: true` gives what is stored.
   *
   * @param id - A UUID, in any of its spellings.
   */
  eventById<E extends Events = Events>(id: string, options?: CallOptions & NewestShapes): Promise<RecordedEvent<E> | undefined>;
  /** The same, in the shapes that `as` asks for: the data of the types that it names has no type. */
  eventById<E extends Events = Events, const As extends ReaderVersions = ReaderVersions>(
    id: string,
    options: CallOptions & { readonly as: As; readonly raw?: false },
  ): Promise<RecordedEvent<OlderEvents<E, As>> | undefined>;
  /** The same, perhaps as it is stored: with `raw` the event is of any type, and its data has no type unless you name one. */
  eventById<E extends Event = Event>(id: string, options?: EventByIdOptions): Promise<RecordedEvent<E> | undefined>;

  /**
   * Returns where an event comes from and what came of it: its causes up to the root, and the tree of its effects, by the `causationId` in
   * the metadata of events (`causedBy`). Also events above the high-water mark. One query reads the causes, and one each level of effects.
   * Everything is in memory at once: `depth` and `limit` bound it, and `complete`, `cut` and `causesCut` say what they cut.
   *
   * With a catalogue of events: of an event that became several the first, and in the place of one that became nothing its effects.
   *
   * @param id - A UUID, in any of its spellings. A `causationId` counts if it is an event's id as the store gives it, in lower case.
   * @throws {@link IndexMissingError} — the indexes `causation` were not created: `tidemark indexes create causation`.
   * @throws {@link NotFoundError} — this tenant has no such event, or the catalogue makes nothing of it.
   * @throws {@link EventDecodingError}, {@link UnknownEventTypeError} — the catalogue cannot read an event of the tree; `raw: true` can.
   *
   * @example
   * ```ts
   * const [first] = await store.readStream("cart-42").toArray();
   * const { causes, effects, complete } = await store.readCausation(first?.id ?? "");
   * ```
   */
  readCausation<E extends Events = Events>(id: string, options?: ReadCausationOptions & NewestShapes): Promise<CausationTree<E>>;
  /** The same, in the shapes that `as` asks for: the data of the types that it names has no type. */
  readCausation<E extends Events = Events, const As extends ReaderVersions = ReaderVersions>(
    id: string,
    options: ReadCausationOptions & { readonly as: As; readonly raw?: false },
  ): Promise<CausationTree<OlderEvents<E, As>>>;
  /** The same, perhaps as it is stored: with `raw` the events are of any type, and their data has no type unless you name one. */
  readCausation<E extends Event = Event>(id: string, options?: ReadCausationOptions): Promise<CausationTree<E>>;

  /**
   * Reads the events of this tenant with one `correlationId` in their metadata, in the order of the log, page by page, up to the high-water
   * mark of the moment it starts. An unknown id has no events.
   *
   * @param correlationId - The text as it stands in metadata, compared as a whole.
   * @throws {@link IndexMissingError} — at the first event: the indexes `causation` were not created.
   *
   * @example
   * ```ts
   * for await (const event of store.readCorrelation("request-7")) console.debug(event.type);
   * ```
   */
  readCorrelation<E extends Events = Events>(correlationId: string, options?: ReadCorrelationOptions & NewestShapes): EventSequence<E>;
  /** The same, in the shapes that `as` asks for: the data of the types that it names has no type. */
  readCorrelation<E extends Events = Events, const As extends ReaderVersions = ReaderVersions>(
    correlationId: string,
    options: ReadCorrelationOptions & { readonly as: As; readonly raw?: false },
  ): EventSequence<OlderEvents<E, As>>;
  /** The same, perhaps as it is stored: with `raw` the events are of any type, and their data has no type unless you name one. */
  readCorrelation<E extends Event = Event>(correlationId: string, options?: ReadCorrelationOptions): EventSequence<E>;

  /**
   * Returns the documents of a projection, or of the live version of a collection. Their reads reject with:
   *
   * @throws {@link InvalidArgumentError} — an option, path, operator or value is invalid. Thrown at once if the projection or the name
   *   is invalid.
   * @throws {@link NotFoundError} — no store has been opened with this collection's projection.
   * @throws {@link StaleDocumentsError}, {@link ProjectionStoppedError} — the documents lack events, and `options.stale` or `staleDocuments`
   *   of the store is `"error"`. By default where this version is still being built, or is an inline one that stopped at an event.
   * @throws {@link ConnectionError}, {@link PoolTimeoutError}, {@link DatabaseError}
   */
  documents<Document extends object>(projection: DocumentSource<Document>, options?: DocumentsOptions): Documents<Document>;
  documents<Document extends object>(collection: string, options?: DocumentsOptions): Documents<Document>;
}
