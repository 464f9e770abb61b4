import type { Boundary, BoundaryQuery, Event, ExpectedVersion, NewEvent } from "../model/event.ts";

/** What an append did. */
export interface AppendResult {
  readonly streamId: string;
  /** The version of the stream's last event, also where no events were given; 0 where the stream has none. */
  readonly version: number;
  /** The position of the stream's last event; 0 where it has none. */
  readonly position: number;
  /** Whether this append began the stream. */
  readonly created: boolean;
}

/** One stream's part of `appendToStreams`. */
export interface StreamAppend<E extends Event = Event> {
  readonly streamId: string;
  /** May be empty: then only the stream's version is checked. At most 10,000 over all parts of an append. */
  readonly events: readonly NewEvent<E>[];
  /** Default `"any"`. */
  readonly expectedVersion?: ExpectedVersion;
}

export interface AppendOptions {
  /** Default `"any"`. */
  readonly expectedVersion?: ExpectedVersion;
  /** Rejects with `signal.reason` when nothing was written, else with the outcome. */
  readonly signal?: AbortSignal;
}

/** Options of `append`. */
export interface ConditionalAppendOptions<E extends Event = Event> {
  /** Default: the first event's first tag with `-` for `:` (`course:c1` → `course-c1`). Needed where it has no tag. */
  readonly streamId?: string;
  /**
   * No event matching `query` may stand after `after`, or nothing is written. `after` is what `readBoundary` gave for the same
   * query: then events that were among those it returned are allowed. Or a position, exclusive; default 0: no such event at all.
   */
  readonly condition?: { readonly query: BoundaryQuery<E>; readonly after?: number | Boundary };
  /** Rejects with `signal.reason` when nothing was written, else with the outcome. */
  readonly signal?: AbortSignal;
}
