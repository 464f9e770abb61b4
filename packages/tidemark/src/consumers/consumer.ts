import type { StartFrom } from "../arguments/start-from.ts";
import type { EventCatalogue } from "../model/event-catalogue.ts";
import type { ReaderVersions } from "../catalogue/event-codec.ts";
import type { Event, EventQuery, RecordedEvent } from "../model/event.ts";
import type { NoOlderShapes, OlderEvents } from "../model/reader-shapes.ts";
import type { StoreTransaction } from "../transaction/event-reader-writer.ts";

/**
 * The second argument of a handler. Its database transaction opens at the first use and commits together with the checkpoint, so what
 * you write through it takes effect exactly once. A handler that never uses it holds no connection.
 *
 * It works until the handler returns or its time is up, and rejects every use after that.
 *
 * @example
 * ```ts
 * export async function book(context: ConsumerContext, text: string): Promise<void> {
 *   await context.query("select $1::text", [`${text} (${context.attempt})`]);
 * }
 * ```
 */
export interface ConsumerContext<Events extends Event = Event> extends StoreTransaction<Events> {
  /** Aborts when the time is up, the shard was lost, or the worker is stopped by force. */
  readonly signal: AbortSignal;
  /** 1 at the first attempt of this event. Starts again when another worker takes over. */
  readonly attempt: number;
  readonly shard: number;
  /** Rises with every change of owner. Send it with effects outside the database, so that the receiver can reject a lower one. */
  readonly fence: number;
}

/**
 * What happens to an event that could not be handled.
 *
 * @example
 * ```ts
 * const onFailure: FailureAction = "stop";
 * ```
 */
export type FailureAction = "dead-letter" | "stop" | "skip";

/**
 * Called when an event's attempts are used up; `"retry"` allows one more. If it throws, the shard stops. It gets the event as the handler
 * did: of several that a stored event became, the one that failed. One that cannot be decoded comes at its first attempt, as it is
 * stored: `error` is an `EventDecodingError` or an `UnknownEventTypeError`, and `"retry"` helps only once a worker with other code takes over.
 *
 * @example
 * ```ts
 * const onFailure: OnFailure = (error, _event, attempt) => (attempt < 20 && String(error).includes("busy") ? "retry" : "dead-letter");
 * ```
 */
export type OnFailure<E extends Event = Event> = (error: unknown, event: RecordedEvent<E>, attempt: number) => FailureAction | "retry";

/**
 * How often a failing event is tried, and how long is waited in between.
 *
 * @example
 * ```ts
 * const retry: RetryOptions = { attempts: 10, minDelayMs: 500, maxDelayMs: 60_000 };
 * ```
 */
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

/**
 * When a shard is held because everything fails.
 *
 * @example
 * ```ts
 * const circuitBreaker: CircuitBreakerOptions = { failures: 10, resetMs: 60_000 };
 * ```
 */
export interface CircuitBreakerOptions {
  /** How many events in a row must fail for good in a shard before it waits. @defaultValue 5 */
  readonly failures?: number;
  /** The milliseconds that the shard then waits before it tries the failing event again. @defaultValue 30,000 */
  readonly resetMs?: number;
}

/**
 * What `defineConsumer` takes, besides its handler.
 *
 * @example
 * ```ts
 * const definition: ConsumerDefinition<CartEvent> = { name: "audit", filter: { types: ["CartConfirmed"] }, shards: 4, startFrom: "end" };
 * ```
 */
export interface ConsumerDefinition<E extends Event = Event, Filter extends EventQuery<E> = EventQuery<E>, As extends ReaderVersions = NoOlderShapes> {
  /** 1–256 bytes. The name identifies the consumer and its checkpoint. Another name is another consumer, with its own start. */
  readonly name: string;
  /**
   * The catalogue that the store is opened with: the handler gets its types, by the filter's `types` only those, and the definition may
   * name no others.
   * @defaultValue the types that you name, unchecked
   */
  readonly events?: EventCatalogue<E, Event>;
  /** The events to handle. A changed filter applies from the checkpoint on, not to earlier events. @defaultValue all events */
  readonly filter?: Filter;
  /** Only events of streams whose id begins with this. At most 512 bytes. @defaultValue every stream */
  readonly prefix?: string;
  /** Only events recorded at or after this moment. A fixed date: one that changes counts as a changed filter. @defaultValue any time */
  readonly since?: Date;
  /**
   * Older versions of event types that its handler still knows, as `{ CartConfirmed: 2 }`: it gets those shapes while other code writes
   * newer ones. With `events`, the data of these types has no type. Where you name the types yourself, name them in these shapes.
   * @defaultValue the newest of each
   */
  readonly as?: As;
  /** Where a new consumer starts; later it continues from its checkpoint. `after` is exclusive. @defaultValue "beginning" */
  readonly startFrom?: StartFrom;
  /** The store's own events, or those of every tenant. Its context reads and appends for the store itself. @defaultValue "own" */
  readonly tenants?: "own" | "all";
  /**
   * The most events that are handled at the same time, 1–256. A stream belongs to one shard, so its events stay in order. When the
   * number changes, all shards first continue to one position. @defaultValue 1
   */
  readonly shards?: number;
  /** The most stored events of a batch; `handleBatch` gets all that they became. A crash repeats at most one batch. 1–10,000. @defaultValue 1,000 */
  readonly batchSize?: number;
  /**
   * The milliseconds that `handle` may take for an event, with all that it became, or `handleBatch` for a batch. Not an attempt where
   * all of them went by before the handler got its transaction. @defaultValue 30,000
   */
  readonly timeoutMs?: number;
  readonly retry?: RetryOptions;
  /**
   * What happens to an event whose attempts are used up. `"dead-letter"` parks it, and later events of its stream behind it. `"stop"`
   * stops its shard until `consumers.resume`. `"skip"` keeps a record and continues. So too, at its first attempt, with an event that
   * cannot be decoded. @defaultValue "dead-letter"
   */
  readonly onFailure?: FailureAction | OnFailure<OlderEvents<E, As>>;
  /** Holds a shard if everything fails, instead of parking the whole log. `false`: never. */
  readonly circuitBreaker?: CircuitBreakerOptions | false;
}

/**
 * `handle` gets one event at a time. `handleBatch` gets several, in one transaction, and after a failure one at a time. What one stored event
 * became (`part` 0, 1, …) is handled in one transaction: by calls of `handle` one after the other, or by one call of `handleBatch`. If one
 * of them fails, all of them come again.
 *
 * @example
 * ```ts
 * const handler: ConsumerHandler<CartEvent> = { handleBatch: (events) => console.debug(events.length) };
 * ```
 */
export type ConsumerHandler<E extends Event> =
  | { readonly handle: (event: RecordedEvent<E>, context: ConsumerContext) => Promise<void> | void; readonly handleBatch?: never }
  | { readonly handleBatch: (events: readonly RecordedEvent<E>[], context: ConsumerContext) => Promise<void> | void; readonly handle?: never };

/**
 * What `defineConsumer` returns.
 *
 * @example
 * ```ts
 * const consumers: readonly Consumer[] = [defineConsumer({ name: "audit", handle: () => {} })];
 * ```
 */
export interface Consumer {
  readonly name: string;
  readonly kind: "consumer";
}
