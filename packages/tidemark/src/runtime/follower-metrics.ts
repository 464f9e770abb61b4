import type { DurationMetrics } from "../counters/durations.ts";
import type { ShardState } from "./shard.ts";

/**
 * One shard that this process holds.
 *
 * @example
 * ```ts
 * const stopped = ({ state }: ShardMetrics): boolean => state === "failed";
 * ```
 */
export interface ShardMetrics {
  readonly shard: number;
  readonly state: ShardState;
  /** How far it has come: everything up to there was handled, given up, or does not match the filter. */
  readonly position: number;
  readonly lag: LagMetrics;
  /** While the state is `"retrying"` or `"failed"`; else null. */
  readonly lastError: { readonly code: string | null; readonly message: string } | null;
}

/**
 * How far something is behind the high-water mark, as this process knows it.
 *
 * @example
 * ```ts
 * const late = ({ ms }: LagMetrics): boolean => ms > 60_000;
 * ```
 */
export interface LagMetrics {
  /** Positions up to the mark: an upper bound of events, because rolled-back positions and events that the filter leaves out count. */
  readonly events: number;
  /** How long this process has known of something after its position, by marks that it read; 0 where there is nothing. Remembers a quarter of an hour. */
  readonly ms: number;
}

/**
 * A consumer, projection or process that a worker runs in this process.
 *
 * @example
 * ```ts
 * const behind = ({ name, lag, drainMs }: FollowerMetrics): string => `${name}: ${lag.events} to go, ${drainMs ?? "for ever"}`;
 * ```
 */
export interface FollowerMetrics {
  readonly name: string;
  /** Null of a consumer, which has none. */
  readonly version: number | null;
  readonly tenant: string;
  /** Those that this process holds; others may be held elsewhere. */
  readonly shards: readonly ShardMetrics[];
  /** The least position of them. Null: this process holds none. */
  readonly position: number | null;
  /** The largest of their lags. */
  readonly lag: LagMetrics;
  /** Events handled a second, over the last minute. */
  readonly eventsPerSecond: number;
  /** Milliseconds until it will have caught up at the pace of the last minute; 0 if it has. Null: at this pace it never does, or this process holds no shard. */
  readonly drainMs: number | null;
  /** Since the worker was created. */
  readonly handled: number;
  /** Tries that failed and are followed by another. */
  readonly retried: number;
  /** Events that were given up, and those parked behind one of their stream: here, since the worker was created. */
  readonly parked: number;
  /** How long calls of the handler took that were awaited, without the first in a row. One that returns at once is not timed. */
  readonly handling: DurationMetrics;
}

/** How long until there is no lag left, where it shrinks. */
export function drainMs(lagEvents: number, perSecond: number, growthPerSecond: number): number | null {
  if (lagEvents === 0) return 0;
  const net = perSecond - growthPerSecond;
  return net > 0 ? (lagEvents / net) * 1_000 : null;
}
