import type { Boundary, BoundaryQuery, Event, ExpectedVersion, NewEvent } from "../model/event.ts";

/** What an append did. */
export interface AppendResult {
  readonly streamId: string;
  /** The version of the stream's last event, even if no events were given; 0 if the stream has none. */
  readonly version: number;
  /** The position of the stream's last event; 0 if it has none. */
  readonly position: number;
  /** Whether this append created the stream. */
  readonly created: boolean;
}

/** One stream's part of `appendToStreams`. */
export interface StreamAppend<E extends Event = Event> {
  readonly streamId: string;
  /** May be empty; then only the stream's version is checked. At most 10,000 over all entries of an append. */
  readonly events: readonly NewEvent<E>[];
  /** Default `"any"`. */
  readonly expectedVersion?: ExpectedVersion;
}

export interface AppendOptions {
  /** Default `"any"`. */
  readonly expectedVersion?: ExpectedVersion;
  /** Aborts the call. It rejects with `signal.reason` if nothing was written, otherwise with its outcome. */
  readonly signal?: AbortSignal;
}

/** Options of `append`. */
export interface ConditionalAppendOptions<E extends Event = Event> {
  /** Default: the first event's first tag with `-` for `:` (`course:c1` → `course-c1`). Required if that event has no tag. */
  readonly streamId?: string;
  /**
   * The append is written only if no event after `after` matches `query`. `after` is the boundary that `readBoundary` returned for the
   * same query; the events it returned are allowed. Or it is a position, exclusive. Default 0: no such event may exist at all.
   */
  readonly condition?: { readonly query: BoundaryQuery<E>; readonly after?: number | Boundary };
  /** Aborts the call. It rejects with `signal.reason` if nothing was written, otherwise with its outcome. */
  readonly signal?: AbortSignal;
}
