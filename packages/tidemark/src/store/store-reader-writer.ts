import type { AppendCounters } from "../append/append-counters.ts";
import type { Appender } from "../append/appender.ts";
import type { GroupAppend } from "../append/group-append.ts";
import type { AppendStatements } from "../append/statements.ts";
import type { AppendOptions, AppendResult, AppendToStreamsOptions, ConditionalAppendOptions, StreamAppend } from "../append/types.ts";
import type { ValidStoreOptions } from "../arguments/store-options.ts";
import type { EventCodec } from "../catalogue/event-codec.ts";
import type { CallOptions } from "../model/calls.ts";
import type { SkippedEvents } from "../catalogue/skipped-events.ts";
import { type MetadataSource, stampAppends, stampEvents } from "../commands/metadata.ts";
import { giveSnapshots, type SnapshotAccess } from "../commands/snapshots/access.ts";
import type { SnapshotKeeper } from "../commands/snapshots/keeper.ts";
import type { Database, Queryable } from "../database/database.ts";
import type { EventReaderWriter } from "../transaction/event-reader-writer.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import type { BoundaryQuery, BoundaryReading, Event, EventMetadata, NewEvent, RecordedEvent } from "../model/event.ts";
import type { Feed } from "../feed/feed.ts";
import { DefinedDocumentProjection, type DefinedProjection } from "../projections/defined-projection.ts";
import { type CheckSource, DocumentReaders } from "../documents/document-reader.ts";
import type { Documents, DocumentsOptions, DocumentSource } from "../documents/types.ts";
import type { ProjectionGate } from "../projections/projection-gate.ts";
import type { StaleDocumentsCheck } from "../projections/stale-documents.ts";
import type { Inbox } from "../inbox/inbox.ts";
import type { OutboxWrites } from "../outbox/outbox-writes.ts";
import type { FirstPages } from "../read/first-pages.ts";
import type { CausationTree, ReadCausationOptions, ReadCorrelationOptions } from "../read/causation.ts";
import type { EventByIdOptions, FoldedStream, ReadAllOptions, ReadBoundaryOptions, ReadStreamOptions, StreamFold, StreamsOptions } from "../read/options.ts";
import type { StatementsBySize } from "../read/statements-by-size.ts";
import type { Reader } from "../read/reader.ts";
import type { EventSequence, StreamInfo } from "../read/types.ts";
import type { TenantTimers } from "../timers/tenant-timers.ts";
import type { ScheduledTimer, ScheduleOptions, Timers } from "../timers/timer.ts";
import type { TimerParts } from "../timers/timer-parts.ts";
import type { Workers } from "./workers.ts";
import { appending, scheduling } from "../tracing/operations.ts";
import { giveTracedPlace, type TracedPlace, type TracedStore } from "../tracing/traced-store.ts";
import { appendedTo, describeAppend, describeSchedule } from "./describe-append.ts";

/** What the stores of all tenants share. */
export interface StoreContext {
  readonly database: Database;
  readonly options: ValidStoreOptions;
  readonly codec: EventCodec;
  readonly traced: TracedStore;
  readonly statements: AppendStatements;
  readonly group: GroupAppend;
  readonly gate: ProjectionGate;
  readonly feed: Feed;
  readonly workers: Workers;
  readonly readStatements: StatementsBySize;
  readonly firstPages: FirstPages;
  readonly snapshots: SnapshotKeeper;
  readonly skipped: SkippedEvents;
  /** Those that the store was opened with. */
  readonly projections: readonly DefinedProjection[];
  readonly staleness: StaleDocumentsCheck;
  readonly timers: TimerParts;
  readonly inbox: Inbox;
  readonly outbox: OutboxWrites;
  readonly appendCounters: AppendCounters;
  /** By performance.now(). */
  readonly openedAt: number;
  readonly phase: () => "open" | "closing" | "closed";
}

/** What a store reads and writes with, through the pool or inside a transaction. */
export interface ReaderWriterParts {
  readonly appender: Appender;
  readonly reader: Reader;
  readonly documents: DocumentReaders;
  /** Asked at each call: what its events get. */
  readonly metadata: () => readonly MetadataSource[];
  readonly snapshots: SnapshotAccess;
  readonly timers: TenantTimers;
  /** For tracing. */
  readonly place: TracedPlace;
  readonly inTransaction: boolean;
}

/** Reads and appends, through the pool or inside a transaction: one line each, the rooms do the work. */
export class StoreReaderWriter<Events extends Event, Input extends Event = Events> implements EventReaderWriter<Events, Input> {
  readonly #appender: Appender;
  readonly #reader: Reader;
  readonly #documents: DocumentReaders;
  readonly #metadata: () => readonly MetadataSource[];
  readonly #timers: TenantTimers;
  readonly #place: TracedPlace;
  readonly #inTransaction: boolean;

  static {
    keepCallers(this);
  }

  constructor({ appender, reader, documents, metadata, snapshots, timers, place, inTransaction }: ReaderWriterParts) {
    this.#place = place;
    this.#inTransaction = inTransaction;
    this.#timers = timers;
    this.#appender = appender;
    this.#reader = reader;
    this.#documents = documents;
    this.#metadata = metadata;
    giveSnapshots(this, snapshots);
    giveTracedPlace(this, place);
  }

  async appendToStream<E extends Input = Input>(streamId: string, events: readonly NoInfer<NewEvent<E>>[], options?: AppendOptions): Promise<AppendResult> {
    return appending.trace(
      this.#place,
      () => describeAppend("appendToStream", [{ streamId, events }], this.#inTransaction),
      (traced) => this.#appender.appendToStream(streamId, stampEvents(events, this.#sources(traced)), options),
      (appended) => appendedTo([appended]),
    );
  }

  async appendToStreams<E extends Input = Input>(
    appends: readonly NoInfer<StreamAppend<E>>[],
    options?: AppendToStreamsOptions,
  ): Promise<readonly AppendResult[]> {
    return appending.trace(
      this.#place,
      () => describeAppend("appendToStreams", appends, this.#inTransaction),
      (traced) => this.#appender.appendToStreams(stampAppends(appends, this.#sources(traced)), options),
      appendedTo,
    );
  }

  async append<E extends Input = Input>(events: readonly NoInfer<NewEvent<E>>[], options?: NoInfer<ConditionalAppendOptions<E>>): Promise<AppendResult> {
    return appending.trace(
      this.#place,
      () => describeAppend("append", [{ streamId: options?.streamId, events }], this.#inTransaction),
      (traced) => this.#appender.append(stampEvents(events, this.#sources(traced)), options),
      (appended) => appendedTo([appended]),
    );
  }

  async schedule<E extends Input = Input>(streamId: string, event: NoInfer<NewEvent<E>>, options: ScheduleOptions): Promise<ScheduledTimer> {
    return scheduling.trace(
      this.#place,
      () => describeSchedule(streamId, options),
      (traced) => {
        const [stamped = event] = stampEvents([event], this.#sources(traced));
        return this.#timers.schedule(streamId, stamped, options);
      },
      ({ dueAt }) => ({ result: { dueAt } }),
    );
  }

  get timers(): Timers {
    return this.#timers;
  }

  readStream<E extends Event = Event>(streamId: string, options?: ReadStreamOptions): EventSequence<E> {
    return this.#reader.readStream<E>(streamId, options);
  }

  readAll<E extends Event = Event>(options?: ReadAllOptions): EventSequence<E> {
    return this.#reader.readAll<E>(options);
  }

  readBoundary<E extends Event = Event>(query: BoundaryQuery, options?: ReadBoundaryOptions): Promise<BoundaryReading<E>> {
    return this.#reader.readBoundary<E>(query, options);
  }

  aggregateStream<State, E extends Event = Event>(streamId: string, fold: StreamFold<State, RecordedEvent<E>>): Promise<FoldedStream<State>> {
    return this.#reader.aggregateStream<State, E>(streamId, fold);
  }

  streamInfo(streamId: string, options?: CallOptions): Promise<StreamInfo> {
    return this.#reader.streamInfo(streamId, options);
  }

  streams(options?: StreamsOptions): AsyncIterable<StreamInfo> {
    return this.#reader.streams(options);
  }

  eventById<E extends Event = Event>(id: string, options?: EventByIdOptions): Promise<RecordedEvent<E> | undefined> {
    return this.#reader.eventById<E>(id, options);
  }

  readCausation<E extends Event = Event>(id: string, options?: ReadCausationOptions): Promise<CausationTree<E>> {
    return this.#reader.readCausation<E>(id, options);
  }

  readCorrelation<E extends Event = Event>(correlationId: string, options?: ReadCorrelationOptions): EventSequence<E> {
    return this.#reader.readCorrelation<E>(correlationId, options);
  }

  /** What tracing adds comes last: whatever else has its keys wins. */
  #sources(traced: { readonly metadata?: EventMetadata } | undefined): readonly MetadataSource[] {
    const sources = this.#metadata();
    return traced?.metadata ? [...sources, traced.metadata] : sources;
  }

  documents<Document extends object>(source: DocumentSource<Document> | string, options?: DocumentsOptions): Documents<Document> {
    return this.#documents.of(source, options);
  }
}

/** What the events of one call get: with `correlationIds: "automatic"` a correlation id of its own, after everything that was given. */
export function metadataOf({ correlationIds, createId }: ValidStoreOptions, sources: readonly MetadataSource[]): () => readonly MetadataSource[] {
  if (correlationIds === "given") return () => sources;
  return () => [...sources, { correlationId: createId() }];
}

/** What an append is encoded by. */
export function encodeSettings({ limits, createId }: ValidStoreOptions): { readonly eventBytes: number; readonly createId: () => string } {
  return { eventBytes: limits.eventBytes, createId };
}

/** The documents of a tenant, through the pool or inside a transaction. */
export function documentReaders(queryable: Queryable, { options, staleness, traced }: StoreContext, tenant: string): DocumentReaders {
  const check: CheckSource = (source, stale) => {
    const choice = stale ?? options.staleDocuments;
    if (source instanceof DefinedDocumentProjection) return staleness.check(queryable, source, tenant, choice);
    return typeof source === "string" && choice !== undefined ? staleness.check(queryable, { collection: source }, tenant, choice) : undefined;
  };
  return new DocumentReaders(queryable, options.schema, tenant, check, { store: traced, tenant });
}
