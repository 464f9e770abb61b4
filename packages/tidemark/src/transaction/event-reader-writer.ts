import type { AppendOptions, AppendResult, ConditionalAppendOptions, StreamAppend } from "../append/types.ts";
import type { Boundary, BoundaryQuery, Event, NewEvent, RecordedEvent } from "../model/event.ts";
import type { Documents, DocumentSource } from "../documents/types.ts";
import type { FoldedStream, ReadAllOptions, ReadStreamOptions, StreamFold, StreamsOptions } from "../read/options.ts";
import type { EventSequence, StreamInfo } from "../read/types.ts";

/** What works on the store and inside a transaction alike. */
export interface EventReaderWriter<Events extends Event = Event> {
  /**
   * Appends events to the end of one stream: all of them or none.
   *
   * They get the versions `v + 1 … v + n`, where `v` is the stream's version before (0 if new), and positions that rise in
   * the same order. Concurrent calls share transactions, each with its own result. Without events only the expectation is
   * checked.
   *
   * Event ids are looked up before the expectation: the same ids with the same type, data and tags in the same stream return
   * the first result, so that a call may be repeated. Metadata is not compared.
   *
   * @param streamId - 1–512 bytes of UTF-8 without control characters. The first append creates the stream.
   * @param events - At most 10,000; each at most `limits.eventBytes` of JSON (1 MiB by default).
   * @throws {@link VersionConflictError} — the stream is not where `expectedVersion` says. Nothing was written.
   * @throws {@link DuplicateEventError} — an id exists with other content, in another stream, or as a part of these.
   * @throws {@link InvalidArgumentError}, {@link EventTooLargeError} — refused before anything was sent.
   * @throws {@link QueueFullError} — `limits.queuedAppends` appends are waiting.
   * @throws {@link OutcomeUnknownError} — the database stopped answering: repeat the append with the ids in `eventIds`.
   * @throws {@link ConnectionError}, {@link PoolTimeoutError} — nothing was sent.
   * @throws {@link SequenceBehindError} — the log reaches beyond the sequence of positions, after a restore of the data alone, say. Nothing was written.
   * @throws {@link DatabaseError} — PostgreSQL refused it, or another transaction held the stream for too long. Nothing was written.
   * @see SQL: `schema/functions/append-many.sql`
   */
  appendToStream<E extends Events = Events>(streamId: string, events: readonly NoInfer<NewEvent<E>>[], options?: AppendOptions): Promise<AppendResult>;

  /**
   * Appends to several streams, all or nothing, each with its own expectation. A part without events only checks its stream.
   * Results come in the order of `appends`; a conflict lists every conflicting stream. Errors as `appendToStream`.
   *
   * @param appends - At least one; a stream at most once; at most 10,000 events together.
   */
  appendToStreams<E extends Events = Events>(
    appends: readonly NoInfer<StreamAppend<E>>[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly AppendResult[]>;

  /**
   * Appends tagged events, where `condition` allows it: no event that matches its query may stand after its boundary. Without
   * `streamId` they go to the stream named after the first event's first tag, with `-` for `:` (`course:c1` → `course-c1`).
   *
   * Two appends that could each fail the other's condition never both succeed, whoever sends them. An append waits only for
   * open ones that share a tag with its query (for an alternative without tags, a type; without both, the tenant), and fails
   * only on events that match. Errors as `appendToStream`; also:
   *
   * @param events - At most 10,000. Without events only the condition is checked; `streamId` is needed then.
   * @throws {@link ConditionFailedError} — a matching event stands after the boundary. Nothing was written.
   * @throws {@link DatabaseError} — with `sqlState` TM001: conditions need READ COMMITTED, in a transaction of yours as well.
   * @see SQL: `schema/functions/take-claims.sql` · why: `docs/design/conditions.md`
   */
  append<E extends Events = Events>(events: readonly NoInfer<NewEvent<E>>[], options?: NoInfer<ConditionalAppendOptions<E>>): Promise<AppendResult>;

  /** Reads one stream, page by page; nothing where it does not exist. */
  readStream<E extends Events = Events>(streamId: string, options?: ReadStreamOptions): EventSequence<E>;

  /**
   * Reads the whole log up to the high-water mark as it is when the reading starts, page by page, filtered on the server. An
   * event whose append has just returned may still be above the mark.
   *
   * @throws {@link SequenceBehindError} — the log reaches beyond the sequence of positions, after a restore of the data alone, say.
   */
  readAll<E extends Events = Events>(options?: NoInfer<ReadAllOptions<E>>): EventSequence<E>;

  /**
   * Reads everything committed that matches, in the order of positions, above the high-water mark too, and the boundary to append
   * after: `append(events, { condition: { query, after: boundary } })` with the same query fails on any match that is not among
   * `events`. The boundary is plain JSON. All events are in memory at once.
   *
   * Alternatives with tags are read through the index on tags; one without tags looks at the whole log.
   *
   * @param query - By types and tags: `[{ types: ["SeatTaken"], tags: ["course:c1"] }]`. `[]` and `[{}]` match everything.
   * @throws {@link SequenceBehindError} — the log reaches beyond the sequence of positions, after a restore of the data alone, say.
   * @throws {@link InvalidArgumentError} — the query is not by types and tags alone.
   * @throws {@link DatabaseError} — with `sqlState` TM001, in a transaction of yours that is not READ COMMITTED.
   */
  readBoundary<E extends Events = Events>(
    query: NoInfer<BoundaryQuery<E>>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ readonly events: readonly RecordedEvent<E>[]; readonly boundary: Boundary }>;

  /**
   * Folds a stream into a state. What `evolve` throws passes through.
   *
   * @param fold - `from`: goes on from an earlier result, `{ state, version }`, and reads later events only.
   * @throws {@link InvalidArgumentError} — the stream has no event of the version in `from`.
   */
  aggregateStream<State, E extends Events = Events>(streamId: string, fold: StreamFold<State, RecordedEvent<E>>): Promise<FoldedStream<State>>;

  streamInfo(streamId: string): Promise<StreamInfo>;

  /** Streams with events, by the bytes of their names. */
  streams(options?: StreamsOptions): AsyncIterable<StreamInfo>;

  /** @param id - A UUID, in any of its spellings. */
  eventById<E extends Events = Events>(id: string): Promise<RecordedEvent<E> | undefined>;

  /**
   * The documents of a projection, or with a collection's name those of its live version. Reading rejects with:
   *
   * @throws {@link InvalidArgumentError} — an option, path, operator or value is not what it should be. Thrown at once where
   * the projection or the name is not.
   * @throws {@link NotFoundError} — no store was opened with this collection's projection yet.
   * @throws {@link ConnectionError}, {@link PoolTimeoutError}, {@link DatabaseError}
   */
  documents<Document extends object>(projection: DocumentSource<Document>): Documents<Document>;
  documents<Document extends object>(collection: string): Documents<Document>;
}

/** Inside a transaction: what it appends commits and rolls back with everything else in it. */
export interface StoreTransaction<Events extends Event = Event> extends EventReaderWriter<Events> {
  /** Runs a statement with the driver's own types in and out. */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<{ rows: Row[]; rowCount: number | null }>;
  /** The driver's own client, inside this transaction: give it to your ORM. */
  readonly client: unknown;
}
