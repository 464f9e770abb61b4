import type { CallOptions, QueryResult, StopOptions } from "../model/calls.ts";
import type { DriverClient } from "../model/driver.ts";
import type { ReaderVersions } from "../catalogue/event-codec.ts";
import type { MetadataSource } from "../commands/metadata.ts";
import type { Snapshots } from "../commands/snapshots/snapshots.ts";
import type { TransactionClient } from "../database/transaction-client.ts";
import type { Event, EventQuery } from "../model/event.ts";
import type { Filtered, MatchingEvents } from "../model/narrowed-query.ts";
import type { NewestShapes, OlderEvents } from "../model/reader-shapes.ts";
import type { EventReaderWriter, StoreTransaction } from "../transaction/event-reader-writer.ts";
import type { SubscribeOptions, Subscription } from "../feed/subscribe.ts";
import type { Worker } from "../runtime/worker.ts";
import type { Consumers } from "../consumers/administration.ts";
import type { DeadLetters } from "../consumers/dead-letter.ts";
import type { Relays } from "../relays/administration.ts";
import type { Processes } from "../processes/administration.ts";
import type { Projections } from "../projections/administration.ts";
import type { Received, ReceiveOptions } from "../inbox/receive.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { Audit } from "../audit/audit.ts";
import type { WaitOptions } from "../runtime/wait-for.ts";
import type { Indexes } from "../schema/store-indexes.ts";
import type { StoreOperations } from "./store-operations.ts";
import type { WorkerDefinition } from "./worker-definition.ts";

/**
 * A store of events, as `openEventStore` returns it.
 *
 * @example
 * ```ts
 * export async function versionOf(events: EventStore, streamId: string): Promise<number> {
 *   return (await events.streamInfo(streamId)).version;
 * }
 * ```
 */
export interface EventStore<Events extends Event = Event, Input extends Event = Events>
  extends EventReaderWriter<Events, Input>, StoreOperations, AsyncDisposable {
  /**
   * Runs `work` in a transaction and returns its result. Commits when it returns, after waiting for calls that it did not await. Rolls
   * back when it throws, and rejects with the same error.
   *
   * The isolation level is READ COMMITTED and cannot be changed inside. For another level, begin your own transaction and use
   * `withTransaction`. The server ends a transaction that is idle for 60 s.
   *
   * @throws {@link OutcomeUnknownError} — COMMIT was sent and never answered.
   * @throws {@link TransactionEndedError} — a statement of `work` ended the transaction.
   */
  transaction<T>(work: (tx: StoreTransaction<Events, Input>) => Promise<T>): Promise<T>;

  /**
   * Returns the store inside your own transaction: a pg client after BEGIN, a PGlite transaction, or what `fromDrizzle`, `fromKysely`,
   * `fromPrisma`, `fromKnex`, `fromTypeORM` and `fromPostgresJs` return. It neither commits nor rolls back.
   *
   * Await each append before you use the client again. A COMMIT during an append fails (TM010) and rolls everything back. All views of
   * one client run their calls one after another.
   *
   * @throws {@link InvalidArgumentError} — the client is not inside a transaction.
   */
  withTransaction(client: TransactionClient): StoreTransaction<Events, Input>;

  /**
   * Handles a message that a broker delivered, once: runs `work` in a transaction, which also stores the message's id. What `work` appends and
   * writes is there if and only if the message counts as handled, and a message that is delivered again is not handled again.
   *
   * If the message was handled before, `work` is not called, and the result says when. If another call handles it now, in any process, this one
   * waits for its end, on a connection of the pool and at most `pool.queryTimeoutMs`: then it is told that the message was handled, or, if the other
   * one failed, handles it. If `work` throws, everything is rolled back, the message does not count as handled, and this rejects with the same error.
   *
   * Acknowledge the message to the broker once this resolves. Each tenant has ids of its own. An id is kept for `keepMs`, and removed some time after:
   * stores that receive messages do it beside their work, at most once a minute.
   *
   * @param messageId - What the broker or its sender identifies the message by: 1–512 bytes of UTF-8 without control characters.
   * @throws {@link InvalidArgumentError} — an argument is invalid.
   * @throws {@link OutcomeUnknownError} — COMMIT was never answered. Receive the message again: it is handled, or was.
   * @throws {@link TransactionEndedError} — a statement of `work` ended the transaction.
   * @throws {@link ConnectionError}, {@link PoolTimeoutError}, {@link DatabaseError} — nothing was handled. Receive the message again.
   *
   * @example
   * ```ts
   * const received = await store.receive("message-1", (tx) => tx.appendToStream("cart-1", [itemAdded]));
   * if (!received.handled) console.debug(`handled before, at ${received.receivedAt.toISOString()}`);
   * ```
   */
  receive<T>(messageId: string, work: (tx: StoreTransaction<Events, Input>) => Promise<T>, options?: ReceiveOptions): Promise<Received<T>>;

  /** Returns the store of one tenant, with streams, event ids and tags of its own. @param tenant - At most 128 bytes. */
  forTenant(tenant: string): EventStore<Events, Input>;

  /**
   * Returns a store that adds this metadata to every event it appends. A function makes the metadata for each event. Keys of the event
   * itself win, then the function `withMetadata`, then a later `store.withMetadata`.
   *
   * @throws {@link InvalidArgumentError} — `metadata` is neither a plain object nor a function.
   */
  withMetadata(metadata: MetadataSource): EventStore<Events, Input>;

  /** Follows the log: delivers the events in it, then new ones, each matching event once and in order. See `Subscription`. */
  subscribe<E extends Events = Events, const Query extends EventQuery<E> = EventQuery<E>>(
    options?: Filtered<SubscribeOptions<E> & NewestShapes, Query>,
  ): Subscription<MatchingEvents<E, Query>>;
  /** The same, in the shapes that `as` asks for: the data of the types that it names has no type. */
  subscribe<E extends Events = Events, const As extends ReaderVersions = ReaderVersions>(
    options: SubscribeOptions<E> & { readonly as: As; readonly raw?: false },
  ): Subscription<OlderEvents<E, As>>;
  /** The same, as it is stored: the events are of any type, and their data has no type unless you name one. */
  subscribe<E extends Event = Event>(options: SubscribeOptions & { readonly raw: boolean }): Subscription<E>;
  /** The same, where the options do not say in which shapes. */
  subscribe<E extends Event = Event>(options?: SubscribeOptions<E & Events>): Subscription<E>;

  /**
   * Has followers, here and in other processes, look at the log now, and workers for timers that are due. Call it after the commit of your own
   * transaction (`withTransaction`): the store does not see that commit, and they would find it by polling within a second.
   */
  wake(): void;

  /**
   * Returns the high-water mark: the position of the last event at or below which nothing new can appear; 0 if there is none.
   *
   * @throws {@link SequenceBehindError} — the sequence of positions is behind the log, for example after a restore of the data alone.
   */
  highWaterMark(): Promise<number>;

  /**
   * Creates a worker that runs consumers, async projections, processes and relays in this process; start it with `start` or `run`. Workers in several
   * processes share the shards of a consumer evenly, and take over from one that dies. `close` stops running workers.
   *
   * @throws {@link InvalidArgumentError} — the definition is invalid.
   */
  createWorker(definition?: WorkerDefinition): Worker;

  /** The consumers that this store knows: their state, and how to pause, resume, reset and rename them. */
  readonly consumers: Consumers;

  /** The projections that this store knows, from every application: their state, and how to pause, resume and deactivate them. */
  readonly projections: Projections;

  /** The instances of processes: their state, inputs, commands and timers, and how to let parked ones go on, or to end one. */
  readonly processes: Processes;

  /** The relays, which publish events to brokers and webhooks: how far they are, how to pause one, and how to publish again. */
  readonly relays: Relays;

  /** Messages that are no events, published with `tx.publish`: list, count and remove them. */
  readonly outbox: Outbox;

  /** Who changed what in the running of the store: record, settle and list that. */
  readonly audit: Audit;

  /** The events that consumers gave up on: list, retry and discard them. */
  readonly deadLetters: DeadLetters;

  /** The stored states that commands start from: list, take, count and delete them. */
  readonly snapshots: Snapshots;

  /** Indexes of the log that not every application needs: list, create and drop them. The same for every tenant. */
  readonly indexes: Indexes;

  /**
   * Waits until a consumer or projection has passed a position, such as the one that an append returned. If the name has several
   * versions, waits for the newest. A live inline projection has always passed it.
   *
   * @param options - `timeoutMs`: 5,000 by default. `signal`: rejects with its reason.
   * @throws {@link WaitTimeoutError} — it has not passed the position in time; it may still do so.
   * @throws {@link NotFoundError} — there is no consumer or projection of this name.
   */
  waitFor(name: string, position: number, options?: WaitOptions): Promise<void>;

  /**
   * Runs a statement on a pooled connection, with the driver's own types in and out.
   *
   * @param options - `signal`: cancels the statement on the server; the call then rejects with `signal.reason`.
   */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[], options?: CallOptions): Promise<QueryResult<Row>>;

  /** The `pg.Pool` or `PGlite` underneath. */
  readonly pool: DriverClient;

  /**
   * Rejects new calls, waits for appends and statements under way and up to 5 s for snapshots, then closes what the store opened. May
   * be called again. Does nothing on a tenant's store: close the one that `openEventStore` returned.
   *
   * @param options - `timeoutMs`, no limit by default: after it, appends that were not sent reject with `StoreClosedError`, and so do
   *   open transactions, which are rolled back. What the server has not answered a second later is given up: appends reject with
   *   `OutcomeUnknownError`, statements with `ConnectionError`.
   * @throws {@link InvalidArgumentError} — it was called inside `store.transaction`, and would wait for its own end.
   */
  close(options?: StopOptions): Promise<void>;
}
