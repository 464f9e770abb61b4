import type { DurationMetrics } from "../counters/durations.ts";
import type { Blocker } from "./blockers.ts";

/**
 * The high-water mark as this process last read it.
 *
 * @example
 * ```ts
 * const age = ({ readAgoMs }: MarkMetrics): string => (readAgoMs === null ? "never read" : `${readAgoMs} ms old`);
 * ```
 */
export interface MarkMetrics {
  readonly position: number;
  /** Null: it was not read yet, as in a process that only appends. */
  readonly readAgoMs: number | null;
  /** How long ago it was last seen to rise. Null: it was not. */
  readonly movedAgoMs: number | null;
  /** How fast it rises, over the last minute. */
  readonly positionsPerSecond: number;
  /** How long the statement took that reads it. */
  readonly reading: DurationMetrics;
  /** Who held it back when `store.blockers` or `store.health` last looked, here. Null: neither was called. */
  readonly heldBy: readonly Blocker[] | null;
  readonly heldByAgoMs: number | null;
}

/**
 * The connection on which this process hears of what others commit.
 *
 * - `"off"`: nothing here follows the log, or the database is embedded.
 * - `"connecting"`: it is being opened, again where it was lost. Followers poll.
 * - `"listening"`: it hears.
 * - `"deaf"`: it is open, and hears nothing: most likely because of a pooler in transaction mode. Followers poll.
 *
 * @example
 * ```ts
 * const polls: readonly ListenerState[] = ["connecting", "deaf"];
 * ```
 */
export type ListenerState = "off" | "connecting" | "listening" | "deaf";

/**
 * How this process hears of what others commit.
 *
 * @example
 * ```ts
 * const hears = ({ state, followers }: ListenerMetrics): boolean => followers === 0 || state === "listening";
 * ```
 */
export interface ListenerMetrics {
  readonly state: ListenerState;
  /** What follows the log here, live: subscriptions, shards of followers, timers. */
  readonly followers: number;
  /** What others have notified it of. */
  readonly heard: number;
  /** How often the connection was lost. */
  readonly losses: number;
}
