import type { EventQuery, RecordedEvent } from "../model/event.ts";
import type { Place } from "./log-pages.ts";

/** An event as a follower gets it: with the number of its stream, which decides its shard. */
export interface FollowedEvent {
  readonly event: RecordedEvent;
  /** `streams.id` */
  readonly stream: number;
}

/**
 * The place that a follower may keep: the last event at or below the mark, whatever its filter. A number in a gap must not
 * be kept: after a crash the sequence can hand it out again. The id is null only at position 0, and where a follower began
 * at a bare position that the mark has not reached yet.
 */
export type Anchor = Place;

export interface FollowedBatch {
  /** May be empty: only the anchor moved, past events that were filtered out. */
  readonly events: readonly FollowedEvent[];
  /** Everything at or below it has been delivered or filtered out. */
  readonly anchor: Anchor;
  /** The high-water mark that it was read under: `mark - anchor.position` is how far behind this follower is. */
  readonly mark: number;
  /** The anchor is the mark. */
  readonly caughtUp: boolean;
}

export interface FollowOptions {
  /** For `HistoryForkedError`: a consumer's name, or `subscribe`. */
  readonly reader: string;
  /** Undefined: all tenants. */
  readonly tenant: string | undefined;
  readonly filter?: EventQuery | undefined;
  readonly shard?: { readonly index: number; readonly of: number } | undefined;
  /** Checked: the event must still be there. Position 0 always fits; with id null a position is taken as it is. */
  readonly after: Anchor;
  /** Nothing is delivered beyond it. The sequence ends with the anchor at the last event at or below it, once the mark has reached it. */
  readonly until?: number | undefined;
  /** The most events of a batch. */
  readonly batchSize: number;
  /** Ends the sequence, which then rejects with its reason. */
  readonly signal: AbortSignal;
}
