import type { CallOptions, QueryResult, StopOptions } from "../model/calls.ts";
import type { DriverClient } from "../model/driver.ts";
import { Appender } from "../append/appender.ts";
import { checkFunction, checkSignal, wholeNumber } from "../arguments/checks.ts";
import { checkTenant } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { checkMetadataSource, type MetadataSource } from "../commands/metadata.ts";
import { SnapshotAccess } from "../commands/snapshots/access.ts";
import { type Snapshots, StoreSnapshots } from "../commands/snapshots/snapshots.ts";
import type { Session } from "../database/database.ts";
import { joinTransaction, type TransactionClient } from "../database/transaction-client.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { StoreClosedError } from "../errors/opening.ts";
import type { StoreTransaction } from "../transaction/event-reader-writer.ts";
import type { EventStore } from "./event-store.ts";
import type { Event } from "../model/event.ts";
import { subscribe, type SubscribeOptions, type Subscription } from "../feed/subscribe.ts";
import type { ProjectionTransaction } from "../projections/projection.ts";
import type { Received, ReceiveOptions } from "../inbox/receive.ts";
import { StoreOutbox } from "../outbox/administration.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { Audit } from "../audit/audit.ts";
import { StoreAudit } from "../audit/store-audit.ts";
import { Reader } from "../read/reader.ts";
import { type Indexes, StoreIndexes } from "../schema/store-indexes.ts";
import { documentReaders, encodeSettings, metadataOf, type StoreContext } from "./store-reader-writer.ts";
import { AsyncProjectionTransaction, InlineProjectionTransaction, Transaction } from "./store-transaction.ts";
import type { Worker } from "../runtime/worker.ts";
import type { Consumers } from "../consumers/administration.ts";
import type { DeadLetters } from "../consumers/dead-letter.ts";
import type { Processes } from "../processes/administration.ts";
import type { Projections } from "../projections/administration.ts";
import type { Relays } from "../relays/administration.ts";
import type { WaitOptions } from "../runtime/wait-for.ts";
import { TenantTimers } from "../timers/tenant-timers.ts";
import type { Transactions } from "./workers.ts";
import type { WorkerDefinition } from "./worker-definition.ts";
import { done, transacting } from "../tracing/operations.ts";
import { OperatedStore } from "./operated-store.ts";

/** The store of one tenant. */
export class Store<Events extends Event, Input extends Event = Events> extends OperatedStore<Events, Input> implements EventStore<Events, Input> {
  readonly #context: StoreContext;
  readonly #snapshots: SnapshotAccess;
  readonly #tenant: string;
  readonly #close: (timeoutMs: number | undefined) => Promise<void>;
  readonly #metadata: readonly MetadataSource[];

  static {
    keepCallers(this);
  }

  /** @param close - does nothing for a view of a store */
  constructor(context: StoreContext, tenant: string, close: (timeoutMs: number | undefined) => Promise<void>, metadata: readonly MetadataSource[] = []) {
    const { database, options, codec, traced, group, feed, readStatements, firstPages, snapshots, timers } = context;
    const place = { store: traced, tenant };
    const marks = { mark: (signal?: AbortSignal) => feed.highWaterMark(signal), recentMark: (signal?: AbortSignal) => feed.recentMark(signal) };
    const reader = new Reader({ queryable: database, statements: readStatements, codec, tenant, ...marks, firstPages, place });
    const access = new SnapshotAccess(snapshots, tenant, reader);
    const parts = {
      appender: new Appender({
        tenant,
        codec,
        settings: encodeSettings(options),
        submit: (append, signal) => (append instanceof Promise ? append.then((encoded) => group.append(encoded, signal)) : group.append(append, signal)),
      }),
      reader,
      documents: documentReaders(database, context, tenant),
      metadata: metadataOf(options, metadata),
      snapshots: access,
      timers: new TenantTimers({ ...timers, on: database, tenant, onSet: (inMs) => timers.alarm.set(inMs) }),
      place,
      inTransaction: false,
    };
    super(parts, context, tenant);
    this.#context = context;
    this.#snapshots = access;
    this.#tenant = tenant;
    this.#close = close;
    this.#metadata = metadata;
  }

  get pool(): DriverClient {
    return this.#context.database.pool;
  }

  async transaction<T>(work: (tx: StoreTransaction<Events, Input>) => Promise<T>): Promise<T> {
    return await this.#transaction(checkFunction<typeof work>(work, "work"));
  }

  async receive<T>(messageId: string, work: (tx: StoreTransaction<Events, Input>) => Promise<T>, options?: ReceiveOptions): Promise<Received<T>> {
    return await this.#context.inbox.receive({ tenant: this.#tenant, messageId, work, options }, (run) => this.#transaction(run));
  }

  async #transaction<T>(work: (tx: Transaction<Events, Input>, session: Session) => Promise<T>): Promise<T> {
    const { feed, timers } = this.#context;
    let appended = false;
    let dueInMs = Number.POSITIVE_INFINITY;
    const written = {
      onAppended: (): void => {
        appended = true;
      },
      onTimerSet: (inMs: number): void => {
        dueInMs = Math.min(dueInMs, inMs);
      },
    };
    const result = await transacting.trace(
      { store: this.#context.traced, tenant: this.#tenant },
      () => ({}),
      () =>
        this.#context.database.transaction((session) =>
          work(new Transaction<Events, Input>(this.#context, this.#tenant, session, this.#metadata, written), session),
        ),
      done,
    );
    if (appended) feed.notify();
    timers.alarm.set(dueInMs);
    return result;
  }

  withTransaction(client: TransactionClient): StoreTransaction<Events, Input> {
    if (this.#context.group.closed) throw new StoreClosedError();
    const { options, database } = this.#context;
    const session = joinTransaction(client, { queryTimeoutMs: options.pool.queryTimeoutMs, logger: options.logger, embedded: database.driver === "pglite" });
    return new Transaction<Events, Input>(this.#context, this.#tenant, session, this.#metadata, { onAppended: () => {} });
  }

  forTenant(tenant: string): EventStore<Events, Input> {
    return new Store<Events, Input>(this.#context, checkTenant(tenant, "tenant"), async () => {}, this.#metadata);
  }

  withMetadata(metadata: MetadataSource): EventStore<Events, Input> {
    return new Store<Events, Input>(this.#context, this.#tenant, async () => {}, [checkMetadataSource(metadata, "metadata"), ...this.#metadata]);
  }

  subscribe<E extends Event = Event>(options?: SubscribeOptions): Subscription<E> {
    return subscribe<E>(this.#context.feed, this.#context.codec, this.#tenant, options);
  }

  wake(): void {
    this.#context.feed.notify();
    this.#context.feed.notifyTimers();
  }

  highWaterMark(): Promise<number> {
    return this.#context.feed.highWaterMark();
  }

  createWorker(definition?: WorkerDefinition): Worker {
    return this.#context.workers.create(definition, this.#tenant, this.transactions);
  }

  /** The store of any tenant on an append's session, for inline projections. */
  inlineTransaction(session: Session, tenant: string, replaying: boolean): ProjectionTransaction {
    return new InlineProjectionTransaction(this.#context, tenant, session, this.#metadata, replaying);
  }

  /** The store on a session, for handlers. */
  get transactions(): Transactions {
    return {
      store: new Store<Event>(this.#context, this.#tenant, async () => {}, this.#metadata),
      settings: encodeSettings(this.#context.options),
      createTransaction: (session, onAppended) => new Transaction<Event>(this.#context, this.#tenant, session, this.#metadata, { onAppended }),
      createProjectionTransaction: (session, tenant, how) => new AsyncProjectionTransaction(this.#context, tenant, session, this.#metadata, how),
    };
  }

  get consumers(): Consumers {
    return this.#context.workers.consumers(this.#tenant);
  }

  get projections(): Projections {
    return this.#context.workers.projections(this.#tenant, this.transactions);
  }

  get processes(): Processes {
    return this.#context.workers.processes(this.#tenant);
  }

  get relays(): Relays {
    return this.#context.workers.relays(this.#tenant, this.transactions);
  }

  get outbox(): Outbox {
    return new StoreOutbox(this.#context.database, this.#context.options.schema, this.#tenant);
  }

  get audit(): Audit {
    return new StoreAudit(this.#context.database, this.#context.options.schema, this.#tenant);
  }

  get deadLetters(): DeadLetters {
    return this.#context.workers.deadLetters(this.#tenant);
  }

  get indexes(): Indexes {
    return new StoreIndexes(this.#context.database, this.#context.options.schema, this.#context.options.logger);
  }

  get snapshots(): Snapshots {
    return new StoreSnapshots(this.#snapshots);
  }

  async waitFor(name: string, position: number, options?: WaitOptions): Promise<void> {
    await this.#context.workers.waitFor({ tenant: this.#tenant, name, position }, options);
  }

  async query<Row = Record<string, unknown>>(text: string, values: readonly unknown[] = [], options?: CallOptions): Promise<QueryResult<Row>> {
    return this.#context.database.userQuery<Row>(text, values, checkOptions(options, { signal: checkSignal }));
  }

  async close(options?: StopOptions): Promise<void> {
    const { timeoutMs } = checkOptions(options, { timeoutMs: wholeNumber(0, 2_147_483_647) });
    await this.#close(timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close(undefined);
  }
}
