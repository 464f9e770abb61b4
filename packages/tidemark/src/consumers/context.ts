import type { CallOptions, QueryResult } from "../model/calls.ts";
import type { DriverClient } from "../model/driver.ts";
import type { AppendOptions, AppendResult, AppendToStreamsOptions, ConditionalAppendOptions, StreamAppend } from "../append/types.ts";
import type { BoundaryQuery, BoundaryReading, Event, NewEvent, RecordedEvent } from "../model/event.ts";
import type { Session } from "../database/database.ts";
import type { StoreTransaction } from "../transaction/event-reader-writer.ts";
import type { Documents, DocumentsOptions, DocumentSource } from "../documents/types.ts";
import type { NewMessage, PublishedMessage } from "../outbox/message.ts";
import type { CausationTree, ReadCausationOptions, ReadCorrelationOptions } from "../read/causation.ts";
import type { EventByIdOptions, FoldedStream, ReadAllOptions, ReadBoundaryOptions, ReadStreamOptions, StreamFold, StreamsOptions } from "../read/options.ts";
import type { EventSequence, StreamInfo } from "../read/types.ts";
import type { ScheduledTimer, ScheduleOptions, Timers } from "../timers/timer.ts";
import type { ConsumerContext } from "./consumer.ts";
import type { HandlerSession } from "../runtime/follower.ts";

/** The store's reads and appends on a session, for the tenant of a worker. `onAppended` is called when something was appended. */
export type CreateTransaction = (session: Session, onAppended: () => void) => StoreTransaction;

/**
 * The context of one try. Made for every event, and by most handlers never looked at: the store behind it is made at its
 * first use.
 */
export class HandlerContext implements ConsumerContext {
  readonly attempt: number;
  readonly shard: number;
  readonly fence: number;
  readonly #session: HandlerSession;
  readonly #createTransaction: CreateTransaction;
  #created: StoreTransaction | undefined;

  constructor(session: HandlerSession, createTransaction: CreateTransaction) {
    this.attempt = session.attempt;
    this.shard = session.shard.shard;
    this.fence = session.shard.fence;
    this.#session = session;
    this.#createTransaction = createTransaction;
  }

  get #store(): StoreTransaction {
    return (this.#created ??= this.#createTransaction(this.#session, () => this.#session.appended()));
  }

  get signal(): AbortSignal {
    return this.#session.signal;
  }

  get client(): DriverClient {
    return this.#store.client;
  }

  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<QueryResult<Row>> {
    return this.#store.query<Row>(text, values);
  }

  appendToStream<E extends Event>(streamId: string, events: readonly NoInfer<NewEvent<E>>[], options?: AppendOptions): Promise<AppendResult> {
    return this.#store.appendToStream<E>(streamId, events, options);
  }

  appendToStreams<E extends Event>(appends: readonly NoInfer<StreamAppend<E>>[], options?: AppendToStreamsOptions): Promise<readonly AppendResult[]> {
    return this.#store.appendToStreams<E>(appends, options);
  }

  append<E extends Event>(events: readonly NoInfer<NewEvent<E>>[], options?: NoInfer<ConditionalAppendOptions<E>>): Promise<AppendResult> {
    return this.#store.append<E>(events, options);
  }

  schedule<E extends Event>(streamId: string, event: NoInfer<NewEvent<E>>, options: ScheduleOptions): Promise<ScheduledTimer> {
    return this.#store.schedule<E>(streamId, event, options);
  }

  publish(message: NewMessage): Promise<PublishedMessage> {
    return this.#store.publish(message);
  }

  get timers(): Timers {
    return this.#store.timers;
  }

  readStream<E extends Event>(streamId: string, options?: ReadStreamOptions): EventSequence<E> {
    return this.#store.readStream<E>(streamId, options);
  }

  readAll<E extends Event = Event>(options?: ReadAllOptions<E>): EventSequence<E> {
    return this.#store.readAll<E>(options);
  }

  readBoundary<E extends Event = Event>(query: BoundaryQuery<E>, options?: ReadBoundaryOptions): Promise<BoundaryReading<E>> {
    return this.#store.readBoundary<E>(query, options);
  }

  aggregateStream<State, E extends Event>(streamId: string, fold: StreamFold<State, RecordedEvent<E>>): Promise<FoldedStream<State>> {
    return this.#store.aggregateStream<State, E>(streamId, fold);
  }

  streamInfo(streamId: string, options?: CallOptions): Promise<StreamInfo> {
    return this.#store.streamInfo(streamId, options);
  }

  streams(options?: StreamsOptions): AsyncIterable<StreamInfo> {
    return this.#store.streams(options);
  }

  eventById<E extends Event>(id: string, options?: EventByIdOptions): Promise<RecordedEvent<E> | undefined> {
    return this.#store.eventById<E>(id, options);
  }

  readCausation<E extends Event>(id: string, options?: ReadCausationOptions): Promise<CausationTree<E>> {
    return this.#store.readCausation<E>(id, options);
  }

  readCorrelation<E extends Event>(correlationId: string, options?: ReadCorrelationOptions): EventSequence<E> {
    return this.#store.readCorrelation<E>(correlationId, options);
  }

  documents<Document extends object>(source: DocumentSource<Document> | string, options?: DocumentsOptions): Documents<Document> {
    return typeof source === "string" ? this.#store.documents<Document>(source, options) : this.#store.documents<Document>(source, options);
  }
}
