import { Appender } from "./append/appender.ts";
import type { Gate } from "./append/gate.ts";
import type { GroupAppend } from "./append/group-append.ts";
import { joinedAppend } from "./append/joined-append.ts";
import type { AppendStatements } from "./append/statements.ts";
import type { AppendOptions, AppendResult, ConditionalAppendOptions, StreamAppend } from "./append/types.ts";
import { checkOptions } from "./arguments/options.ts";
import { checkFunction, wholeNumber } from "./arguments/checks.ts";
import { checkTenant } from "./arguments/names.ts";
import type { ValidStoreOptions } from "./arguments/store-options.ts";
import { checkMetadataSource, type MetadataSource, stampAppends, stampEvents } from "./commands/metadata.ts";
import { SnapshotAccess } from "./commands/snapshots/access.ts";
import type { SnapshotKeeper } from "./commands/snapshots/keeper.ts";
import { type Snapshots, StoreSnapshots } from "./commands/snapshots/snapshots.ts";
import type { Database, Session } from "./database/database.ts";
import { joinTransaction, type TransactionClient } from "./database/transaction-client.ts";
import { InvalidArgumentError, StoreClosedError } from "./errors.ts";
import type { Boundary, BoundaryQuery, Event, NewEvent, RecordedEvent } from "./event.ts";
import type { EventReaderWriter, StoreTransaction } from "./event-reader-writer.ts";
import type { EventStore } from "./event-store.ts";
import type { Blocker } from "./feed/blockers.ts";
import type { Feed } from "./feed/feed.ts";
import { subscribe, type SubscribeOptions, type Subscription } from "./feed/subscribe.ts";
import { DocumentReaders } from "./projections/documents/document-reader.ts";
import type { Documents, DocumentSource } from "./projections/documents/types.ts";
import type { ProjectionTransaction } from "./projections/projection.ts";
import type { Fold, ReadAllOptions, ReadStreamOptions, StreamsOptions } from "./read/options.ts";
import type { Heads } from "./read/heads.ts";
import { Reader } from "./read/reader.ts";
import type { EventSequence, StreamInfo } from "./read/types.ts";
import type { Worker } from "./worker/consumer.ts";
import type { Consumers } from "./worker/consumers.ts";
import type { DeadLetters } from "./worker/dead-letters.ts";
import type { Projections } from "./worker/projections.ts";
import type { WaitOptions } from "./worker/wait-for.ts";
import type { Transactions, WorkerDefinition, Workers } from "./worker/workers.ts";

/** What the stores of all tenants share. */
export interface Rooms {
  readonly database: Database;
  readonly options: ValidStoreOptions;
  readonly statements: AppendStatements;
  readonly group: GroupAppend;
  readonly gate: Gate;
  readonly feed: Feed;
  readonly workers: Workers;
  readonly heads: Heads;
  readonly snapshots: SnapshotKeeper;
}

/** Reads and appends, through the pool or inside a transaction: one line each, the rooms do the work. */
class Access<Events extends Event> implements EventReaderWriter<Events> {
  readonly #appender: Appender;
  readonly #reader: Reader;
  readonly #documents: DocumentReaders;
  readonly #metadata: readonly MetadataSource[];
  readonly #snapshots: SnapshotAccess;

  constructor(appender: Appender, reader: Reader, documents: DocumentReaders, metadata: readonly MetadataSource[], snapshots: SnapshotAccess) {
    this.#appender = appender;
    this.#reader = reader;
    this.#documents = documents;
    this.#metadata = metadata;
    this.#snapshots = snapshots;
  }

  /** For commands; not a part of the public interface. */
  snapshotAccess(): SnapshotAccess {
    return this.#snapshots;
  }

  async appendToStream<E extends Events = Events>(streamId: string, events: readonly NoInfer<NewEvent<E>>[], options?: AppendOptions): Promise<AppendResult> {
    return this.#appender.appendToStream(streamId, stampEvents(events, this.#metadata), options);
  }

  async appendToStreams<E extends Events = Events>(
    appends: readonly NoInfer<StreamAppend<E>>[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly AppendResult[]> {
    return this.#appender.appendToStreams(stampAppends(appends, this.#metadata), options);
  }

  async append<E extends Events = Events>(events: readonly NoInfer<NewEvent<E>>[], options?: NoInfer<ConditionalAppendOptions<E>>): Promise<AppendResult> {
    return this.#appender.append(stampEvents(events, this.#metadata), options);
  }

  readStream<E extends Events = Events>(streamId: string, options?: ReadStreamOptions): EventSequence<E> {
    return this.#reader.readStream<E>(streamId, options);
  }

  readAll<E extends Events = Events>(options?: NoInfer<ReadAllOptions<E>>): EventSequence<E> {
    return this.#reader.readAll<E>(options);
  }

  readBoundary<E extends Events = Events>(
    query: NoInfer<BoundaryQuery<E>>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<{ readonly events: readonly RecordedEvent<E>[]; readonly boundary: Boundary }> {
    return this.#reader.readBoundary<E>(query, options);
  }

  aggregateStream<State, E extends Events = Events>(
    streamId: string,
    fold: Fold<State, RecordedEvent<E>> & Pick<ReadStreamOptions, "toVersion" | "asOf" | "signal">,
  ): Promise<{ readonly state: State; readonly version: number; readonly exists: boolean }> {
    return this.#reader.aggregateStream<State, E>(streamId, fold);
  }

  streamInfo(streamId: string): Promise<StreamInfo> {
    return this.#reader.streamInfo(streamId);
  }

  streams(options?: StreamsOptions): AsyncIterable<StreamInfo> {
    return this.#reader.streams(options);
  }

  eventById<E extends Events = Events>(id: string): Promise<RecordedEvent<E> | undefined> {
    return this.#reader.eventById<E>(id);
  }

  documents<Document extends object>(source: DocumentSource<Document> | string): Documents<Document> {
    return this.#documents.of(source);
  }
}

/** The store inside one transaction. */
class Transaction<Events extends Event> extends Access<Events> implements StoreTransaction<Events> {
  readonly #session: Session;

  /** Whether something was written, which followers should hear of after the commit. */
  appended = false;

  constructor({ options, statements, gate, feed, snapshots }: Rooms, tenant: string, session: Session, metadata: readonly MetadataSource[] = []) {
    const submit = joinedAppend(session, statements, { now: options.now, gate });
    const reader = new Reader({ queryable: session, schema: options.schema, tenant, mark: () => feed.markWithin(session) });
    super(
      new Appender(tenant, encodeSettings(options), (append, signal) => {
        this.appended = true;
        return submit(append, signal);
      }),
      reader,
      new DocumentReaders(session, options.schema, tenant),
      metadata,
      new SnapshotAccess(snapshots, tenant, reader, session),
    );
    this.#session = session;
  }

  get client(): unknown {
    return this.#session.client;
  }

  async query<Row = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<{ rows: Row[]; rowCount: number | null }> {
    return this.#session.userQuery<Row>(text, values);
  }
}

/** The store inside a projection's transaction. */
class HandlerTransaction extends Transaction<Event> implements ProjectionTransaction {
  readonly replaying = false;
}

/** The same inside an append's: it would write itself. */
class InlineTransaction extends HandlerTransaction {
  override appendToStream(): Promise<never> {
    return refuseAppend();
  }

  override appendToStreams(): Promise<never> {
    return refuseAppend();
  }

  override append(): Promise<never> {
    return refuseAppend();
  }
}

async function refuseAppend(): Promise<never> {
  throw new InvalidArgumentError(
    "tx",
    "is of an inline projection, which runs inside an append and may not append; use an async projection or a consumer for that",
  );
}

/** The store of one tenant. */
export class Store<Events extends Event> extends Access<Events> implements EventStore<Events> {
  readonly #rooms: Rooms;
  readonly #tenant: string;
  readonly #close: (timeoutMs: number | undefined) => Promise<void>;
  readonly #metadata: readonly MetadataSource[];

  /** @param close - does nothing for a view of a store */
  constructor(rooms: Rooms, tenant: string, close: (timeoutMs: number | undefined) => Promise<void>, metadata: readonly MetadataSource[] = []) {
    const { database, options, group, feed, heads, snapshots } = rooms;
    const marks = { mark: (signal?: AbortSignal) => feed.highWaterMark(signal), recentMark: (signal?: AbortSignal) => feed.recentMark(signal) };
    const reader = new Reader({ queryable: database, schema: options.schema, tenant, ...marks, heads });
    super(
      new Appender(tenant, encodeSettings(options), (append, signal) => group.append(append, signal)),
      reader,
      new DocumentReaders(database, options.schema, tenant),
      metadata,
      new SnapshotAccess(snapshots, tenant, reader),
    );
    this.#rooms = rooms;
    this.#tenant = tenant;
    this.#close = close;
    this.#metadata = metadata;
  }

  get pool(): unknown {
    return this.#rooms.database.pool;
  }

  async transaction<T>(work: (tx: StoreTransaction<Events>) => Promise<T>): Promise<T> {
    const checked = checkFunction<typeof work>(work, "work");
    let appended = false;
    const result = await this.#rooms.database.transaction(async (session) => {
      const tx = new Transaction<Events>(this.#rooms, this.#tenant, session, this.#metadata);
      const done = await checked(tx);
      ({ appended } = tx);
      return done;
    });
    if (appended) this.#rooms.feed.ring();
    return result;
  }

  withTransaction(client: TransactionClient): StoreTransaction<Events> {
    if (this.#rooms.group.closed) throw new StoreClosedError();
    const { options } = this.#rooms;
    const session = joinTransaction(client, { queryTimeoutMs: options.pool.queryTimeoutMs, logger: options.logger });
    return new Transaction<Events>(this.#rooms, this.#tenant, session, this.#metadata);
  }

  forTenant(tenant: string): EventStore<Events> {
    return new Store<Events>(this.#rooms, checkTenant(tenant, "tenant"), async () => {}, this.#metadata);
  }

  withMetadata(metadata: MetadataSource): EventStore<Events> {
    return new Store<Events>(this.#rooms, this.#tenant, async () => {}, [checkMetadataSource(metadata, "metadata"), ...this.#metadata]);
  }

  subscribe<E extends Events = Events>(options?: NoInfer<SubscribeOptions<E>>): Subscription<E> {
    return subscribe<E>(this.#rooms.feed, this.#tenant, options);
  }

  wake(): void {
    this.#rooms.feed.ring();
  }

  highWaterMark(): Promise<number> {
    return this.#rooms.feed.highWaterMark();
  }

  blockers(): Promise<readonly Blocker[]> {
    return this.#rooms.feed.blockers();
  }

  createWorker(definition?: WorkerDefinition): Worker {
    return this.#rooms.workers.create(definition, this.#tenant, this.transactions);
  }

  /** The store of any tenant on an append's session, for inline projections. */
  inlineTransaction(session: Session, tenant: string): ProjectionTransaction {
    return new InlineTransaction(this.#rooms, tenant, session, this.#metadata);
  }

  /** The store on a session, for handlers. */
  get transactions(): Transactions {
    return {
      createTransaction: (session) => new Transaction<Event>(this.#rooms, this.#tenant, session, this.#metadata),
      createProjectionTransaction: (session, tenant) => new HandlerTransaction(this.#rooms, tenant, session, this.#metadata),
    };
  }

  get consumers(): Consumers {
    return this.#rooms.workers.consumers(this.#tenant);
  }

  get projections(): Projections {
    return this.#rooms.workers.projections(this.#tenant);
  }

  get deadLetters(): DeadLetters {
    return this.#rooms.workers.deadLetters(this.#tenant);
  }

  get snapshots(): Snapshots {
    return new StoreSnapshots(this.snapshotAccess());
  }

  async waitFor(name: string, position: number, options?: WaitOptions): Promise<void> {
    await this.#rooms.workers.waitFor(this.#tenant, name, position, options);
  }

  async query<Row = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<{ rows: Row[]; rowCount: number | null }> {
    return this.#rooms.database.userQuery<Row>(text, values);
  }

  async close(options?: { readonly timeoutMs?: number }): Promise<void> {
    const { timeoutMs } = checkOptions(options, { timeoutMs: wholeNumber(0, 2_147_483_647) });
    await this.#close(timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close(undefined);
  }
}

function encodeSettings({ limits, createId }: ValidStoreOptions): { readonly eventBytes: number; readonly createId: () => string } {
  return { eventBytes: limits.eventBytes, createId };
}
