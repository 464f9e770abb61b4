import type { MetadataSource } from "../commands/metadata.ts";
import type { Snapshots } from "../commands/snapshots/snapshots.ts";
import type { TransactionClient } from "../database/transaction-client.ts";
import type { Event } from "../model/event.ts";
import type { EventReaderWriter, StoreTransaction } from "../transaction/event-reader-writer.ts";
import type { Blocker } from "../feed/blockers.ts";
import type { SubscribeOptions, Subscription } from "../feed/subscribe.ts";
import type { Worker } from "../runtime/worker.ts";
import type { Consumers } from "../consumers/administration.ts";
import type { DeadLetters } from "../consumers/dead-letters.ts";
import type { Projections } from "../projections/administration.ts";
import type { WaitOptions } from "../runtime/wait-for.ts";
import type { WorkerDefinition } from "./workers.ts";

export interface EventStore<Events extends Event = Event> extends EventReaderWriter<Events>, AsyncDisposable {
  /**
   * Runs `work` in a transaction: commits when it returns, and waits for its calls that were not awaited; rolls back when it
   * throws, and its error passes through. Returns what `work` returns.
   *
   * The isolation is READ COMMITTED and cannot be changed inside: for another one begin a transaction of your own and use
   * `withTransaction`. The server ends a transaction that sits idle for 60 s.
   *
   * @throws {@link OutcomeUnknownError} — COMMIT was sent and never answered.
   * @throws {@link TransactionEndedError} — a statement of `work` ended the transaction.
   */
  transaction<T>(work: (tx: StoreTransaction<Events>) => Promise<T>): Promise<T>;

  /**
   * The store inside a transaction of your own: a pg client after BEGIN, a PGlite transaction, or what `fromDrizzle`,
   * `fromKysely`, `fromPrisma`, `fromKnex`, `fromTypeORM` and `fromPostgresJs` return. It neither commits nor rolls back.
   *
   * Await each append before you use the client again. A COMMIT while one is being made fails (TM010) and rolls everything back.
   * All views of one client take turns.
   *
   * @throws {@link InvalidArgumentError} — the client is not inside a transaction.
   */
  withTransaction(client: TransactionClient): StoreTransaction<Events>;

  /** The same store for one tenant: own streams, event ids and tags. @param tenant - At most 128 bytes. */
  forTenant(tenant: string): EventStore<Events>;

  /**
   * The same store, whose appends get this metadata, or what an enricher makes of each event. A key that an event has keeps its
   * value, and the function `withMetadata` and a later `store.withMetadata` win over it.
   *
   * @throws {@link InvalidArgumentError} — `metadata` is neither a plain object nor a function.
   */
  withMetadata(metadata: MetadataSource): EventStore<Events>;

  /** Follows the log: what is in it, then what is appended, each matching event once and in order. See `Subscription`. */
  subscribe<E extends Events = Events>(options?: NoInfer<SubscribeOptions<E>>): Subscription<E>;

  /**
   * Tells followers, here and in other processes, to look at the log now. For after a transaction of your own that appended
   * (`withTransaction`): the store cannot see its commit, and followers would find it by polling, within a second.
   */
  wake(): void;

  /**
   * The position of the last event at or below which nothing new can appear; 0 where there is none.
   *
   * @throws {@link SequenceBehindError} — the log reaches beyond the sequence of positions, after a restore of the data alone, say.
   */
  highWaterMark(): Promise<number>;

  /** Who holds the high-water mark back now: open appends, in prepared transactions too. */
  blockers(): Promise<readonly Blocker[]>;

  /**
   * Describes a worker that runs consumers and async projections in this process; start it with `start` or `run`. Workers of several processes share
   * the shards of a consumer evenly, and take over from one that died. `close` stops those that run.
   *
   * @throws {@link InvalidArgumentError} — the definition is not what it should be.
   */
  createWorker(definition?: WorkerDefinition): Worker;

  /** The consumers that this store knows: how they go; pause, resume, reset and rename them. */
  readonly consumers: Consumers;

  /** The projections that this store knows, of every application: how they go; pause, resume and deactivate them. */
  readonly projections: Projections;

  /** The events that consumers gave up on: look at them, have them handled again, discard them. */
  readonly deadLetters: DeadLetters;

  /** The states that commands begin with: what became of them; list, take and delete them. */
  readonly snapshots: Snapshots;

  /**
   * Waits until a consumer or projection has passed a position: what it does for that event, as `append` returned it, is then
   * done. Of a name with several versions the newest is meant; an inline projection that appends write is always there.
   *
   * @param options - `timeoutMs`: 5,000 by default. `signal`: rejects with its reason.
   * @throws {@link WaitTimeoutError} — it has not, within the time; it may still do so.
   * @throws {@link NotFoundError} — there is no consumer or projection of this name.
   */
  waitFor(name: string, position: number, options?: WaitOptions): Promise<void>;

  /** Runs a statement on a pooled connection, with the driver's own types in and out. */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<{ rows: Row[]; rowCount: number | null }>;

  /** The `pg.Pool` or `PGlite` underneath. */
  readonly pool: unknown;

  /**
   * Refuses new calls, waits for appends and statements under way, and up to 5 s for snapshots, closes what the store opened. May be called again. On a
   * tenant's store it does nothing: close the one that `openEventStore` returned.
   *
   * @param options - `timeoutMs`: appends that were not sent by then are rejected with `StoreClosedError`, and so are transactions
   * that are still open, which are rolled back. Default: no limit.
   * @throws {@link InvalidArgumentError} — it was called inside `store.transaction`, whose end it would wait for.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>;
}
