import type { Event, EventQuery, RecordedEvent } from "../model/event.ts";
import type { StoreTransaction } from "../transaction/event-reader-writer.ts";

/**
 * What a handler gets beside its events. Its database transaction opens at the first use and commits together with the
 * checkpoint: what is written through it takes effect exactly once. A handler that never uses it holds no connection.
 *
 * It works until its handler returns or its time is up, and refuses every use after that.
 */
export interface ConsumerContext<Events extends Event = Event> extends StoreTransaction<Events> {
  /** Aborts when the time is up, the shard was lost, or the worker stops by force. */
  readonly signal: AbortSignal;
  /** 1 at the first try of this event. Begins anew when another worker takes over. */
  readonly attempt: number;
  readonly shard: number;
  /** Rises with every change of owner: give it to what you write outside, which can then refuse a lower one. */
  readonly fence: number;
}

/** What becomes of an event that could not be handled. */
export type FailureAction = "dead-letter" | "stop" | "skip";

/** Called when an event's attempts are used up; `"retry"` allows one more. What it throws stops the shard. */
export type OnFailure<E extends Event = Event> = (error: unknown, event: RecordedEvent<E>, attempt: number) => FailureAction | "retry";

export interface RetryOptions {
  /** Tries of an event, the first included. 1–1,000,000. @defaultValue 5 */
  readonly attempts?: number;
  /** The wait before the second try. @defaultValue 100 */
  readonly minDelayMs?: number;
  /** The longest wait. @defaultValue 30,000 */
  readonly maxDelayMs?: number;
  /** Each wait is this many times the one before. 1–100. @defaultValue 2 */
  readonly factor?: number;
  /** Waits a random part, between a half and all, of each delay, so that shards do not try in step. @defaultValue true */
  readonly jitter?: boolean;
}

export interface CircuitBreakerOptions {
  /** So many events of a shard in a row that failed for good. @defaultValue 5 */
  readonly failures?: number;
  /** How long the shard waits then before it tries the failing event again. @defaultValue 30,000 */
  readonly resetMs?: number;
}

export interface ConsumerDefinition<E extends Event = Event> {
  /** 1–256 bytes. The name is the identity: it holds the checkpoint. Another name is another consumer, from its own start. */
  readonly name: string;
  /** Which events; all by default. A changed filter counts from the checkpoint on: it does not reach back. */
  readonly filter?: EventQuery<E>;
  /** Only events of streams whose id begins with this. At most 512 bytes. Default: of every stream. */
  readonly prefix?: string;
  /** Only events recorded at or after this moment. A fixed date: one that changes counts as a changed filter. Default: of any time. */
  readonly since?: Date;
  /** Where a consumer begins that is new; later it goes on from its checkpoint. `after` is exclusive. @defaultValue "beginning" */
  readonly startFrom?: "beginning" | "end" | { readonly after: number };
  /** The store's own events, or those of every tenant; what its context reads and appends is the store's own. @defaultValue "own" */
  readonly tenants?: "own" | "all";
  /**
   * How many events are handled at once, at most: a stream belongs to one shard, so its events stay in order. 1–256. When it
   * changes, all shards meet at one place first. @defaultValue 1
   */
  readonly shards?: number;
  /** The most events of a batch. A crash repeats at most one batch. 1–10,000. @defaultValue 1,000 */
  readonly batchSize?: number;
  /** How long `handle`, or `handleBatch`, may take. @defaultValue 30,000 */
  readonly timeoutMs?: number;
  readonly retry?: RetryOptions;
  /**
   * What becomes of an event whose attempts are used up. `"dead-letter"` parks it, and later events of its stream behind it;
   * `"stop"` stops its shard until `consumers.resume`; `"skip"` goes on and keeps a record. @defaultValue "dead-letter"
   */
  readonly onFailure?: FailureAction | OnFailure<E>;
  /** Holds a shard where everything fails, rather than park the whole log. `false`: never. */
  readonly circuitBreaker?: CircuitBreakerOptions | false;
}

/** `handle` gets events one by one; `handleBatch` several, in one transaction, and after a failure one by one. */
export type ConsumerHandler<E extends Event> =
  | { readonly handle: (event: RecordedEvent<E>, context: ConsumerContext) => Promise<void> | void; readonly handleBatch?: never }
  | { readonly handleBatch: (events: readonly RecordedEvent<E>[], context: ConsumerContext) => Promise<void> | void; readonly handle?: never };

/** What `defineConsumer` returns. */
export interface Consumer {
  readonly name: string;
  readonly kind: "consumer";
}
