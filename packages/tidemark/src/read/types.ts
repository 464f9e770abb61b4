import type { Event, RecordedEvent } from "../model/event.ts";

/**
 * A sequence of events to read. It asks the database when you ask for the first event. Each iteration, and each call of `toArray` and
 * `batches`, reads again.
 *
 * Memory is bounded for any length: one page of about 4 MiB is held while the next one is on its way. No connection is held between
 * pages, so a loop may take its time. Leaving the loop (`break`, `return`, a throw) ends the reading.
 *
 * A failure rejects after the events before it have been delivered. An abort rejects with `signal.reason`.
 *
 * @throws {@link ConnectionError}, {@link PoolTimeoutError}, {@link DatabaseError} — from the loop, `toArray` or `batches`.
 *
 * @example
 * ```ts
 * const events: EventSequence<CartEvent> = store.readStream<CartEvent>("cart-42");
 * for await (const batch of events.batches(100)) console.debug(batch.length);
 * ```
 */
export interface EventSequence<E extends Event = Event> extends AsyncIterable<RecordedEvent<E>> {
  /** Collects all events in an array. Use `limit` to bound its size. */
  toArray(): Promise<RecordedEvent<E>[]>;
  /**
   * Yields the events in arrays of `size` stored events, with all that they became. The last one may be shorter; none is empty.
   *
   * @param size - 1 or more.
   * @throws {@link InvalidArgumentError} — at the call, before anything is read.
   */
  batches(size: number): AsyncIterable<readonly RecordedEvent<E>[]>;
}

/**
 * Information about a stream. A stream without events does not exist: version 0, no date, no position.
 *
 * @example
 * ```ts
 * const { exists, version }: StreamInfo = await store.streamInfo("cart-42");
 * ```
 */
export interface StreamInfo {
  readonly streamId: string;
  /** The part of `streamId` before its first `-`, or all of it if there is none. */
  readonly category: string;
  /** Whether it has events. */
  readonly exists: boolean;
  /** The version of its last event. */
  readonly version: number;
  /** When its first append wrote it, by the database's clock. */
  readonly createdAt: Date | undefined;
  /** The position of its last event, which may be above the high-water mark. */
  readonly lastPosition: number | undefined;
}
