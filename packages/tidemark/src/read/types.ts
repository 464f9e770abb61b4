import type { Event, RecordedEvent } from "../model/event.ts";

/**
 * Events to be read, in order. Nothing is asked of the database before the first event is; each iteration, and each call of
 * `toArray` and `batches`, reads anew.
 *
 * Memory stays bounded whatever the length: one page of about 4 MiB is held while the next one is on its way. Between pages
 * no connection is held, so a loop may take its time. Leaving the loop (`break`, `return`, a throw) ends the reading.
 *
 * A failed reading rejects at the event where it failed; events before it have been delivered. An aborted one rejects with
 * `signal.reason`.
 *
 * @throws {@link ConnectionError}, {@link PoolTimeoutError}, {@link DatabaseError} — from the loop, `toArray` or `batches`.
 */
export interface EventSequence<E extends Event = Event> extends AsyncIterable<RecordedEvent<E>> {
  /** All of them. The array grows with the reading: bound it with `limit`. */
  toArray(): Promise<RecordedEvent<E>[]>;
  /**
   * The same events in arrays of `size`; the last one may be shorter, and none is empty.
   *
   * @param size - 1 or more.
   * @throws {@link InvalidArgumentError} — at the call, before anything is read.
   */
  batches(size: number): AsyncIterable<readonly RecordedEvent<E>[]>;
}

/** What is known of a stream. One without events does not exist: version 0, no date, no position. */
export interface StreamInfo {
  readonly streamId: string;
  /** The part of `streamId` before its first `-`; the whole of it where there is none. */
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
