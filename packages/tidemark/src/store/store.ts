import { Appender } from "../append/appender.ts";
import { checkFunction, wholeNumber } from "../arguments/checks.ts";
import { checkTenant } from "../arguments/names.ts";
import { checkOptions } from "../arguments/options.ts";
import { checkMetadataSource, type MetadataSource } from "../commands/metadata.ts";
import { SnapshotAccess } from "../commands/snapshots/access.ts";
import { type Snapshots, StoreSnapshots } from "../commands/snapshots/snapshots.ts";
import type { Session } from "../database/database.ts";
import { joinTransaction, type TransactionClient } from "../database/transaction-client.ts";
import { keepCallers } from "../errors/caller-frames.ts";
import { StoreClosedError } from "../errors/errors.ts";
import type { StoreTransaction } from "../transaction/event-reader-writer.ts";
import type { EventStore } from "./event-store.ts";
import type { Event } from "../model/event.ts";
import type { Blocker } from "../feed/blockers.ts";
import { subscribe, type SubscribeOptions, type Subscription } from "../feed/subscribe.ts";
import type { ProjectionTransaction } from "../projections/projection.ts";
import { Reader } from "../read/reader.ts";
import { Access, documentReaders, encodeSettings, metadataOf, type Rooms } from "./store-access.ts";
import { HandlerTransaction, InlineTransaction, Transaction } from "./store-transaction.ts";
import type { Worker } from "../runtime/worker.ts";
import type { Consumers } from "../consumers/administration.ts";
import type { DeadLetters } from "../consumers/dead-letters.ts";
import type { Projections } from "../projections/administration.ts";
import type { WaitOptions } from "../runtime/wait-for.ts";
import type { Transactions, WorkerDefinition } from "./workers.ts";

/** The store of one tenant. */
export class Store<Events extends Event> extends Access<Events> implements EventStore<Events> {
  readonly #rooms: Rooms;
  readonly #tenant: string;
  readonly #close: (timeoutMs: number | undefined) => Promise<void>;
  readonly #metadata: readonly MetadataSource[];

  static {
    keepCallers(this);
  }

  /** @param close - does nothing for a view of a store */
  constructor(rooms: Rooms, tenant: string, close: (timeoutMs: number | undefined) => Promise<void>, metadata: readonly MetadataSource[] = []) {
    const { database, options, group, feed, readStatements, heads, snapshots } = rooms;
    const marks = { mark: (signal?: AbortSignal) => feed.highWaterMark(signal), recentMark: (signal?: AbortSignal) => feed.recentMark(signal) };
    const reader = new Reader({ queryable: database, statements: readStatements, tenant, ...marks, heads });
    super(
      new Appender(tenant, encodeSettings(options), (append, signal) => group.append(append, signal)),
      reader,
      documentReaders(database, rooms, tenant),
      metadataOf(options, metadata),
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
    const onAppended = (): void => {
      appended = true;
    };
    const result = await this.#rooms.database.transaction((session) =>
      checked(new Transaction<Events>(this.#rooms, this.#tenant, session, this.#metadata, onAppended)),
    );
    if (appended) this.#rooms.feed.notify();
    return result;
  }

  withTransaction(client: TransactionClient): StoreTransaction<Events> {
    if (this.#rooms.group.closed) throw new StoreClosedError();
    const { options, database } = this.#rooms;
    const session = joinTransaction(client, { queryTimeoutMs: options.pool.queryTimeoutMs, logger: options.logger, embedded: database.driver === "pglite" });
    return new Transaction<Events>(this.#rooms, this.#tenant, session, this.#metadata, () => {});
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
    this.#rooms.feed.notify();
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
      createTransaction: (session, onAppended) => new Transaction<Event>(this.#rooms, this.#tenant, session, this.#metadata, onAppended),
      createProjectionTransaction: (session, tenant, onAppended = () => {}) => new HandlerTransaction(this.#rooms, tenant, session, this.#metadata, onAppended),
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
    await this.#rooms.workers.waitFor({ tenant: this.#tenant, name, position }, options);
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
