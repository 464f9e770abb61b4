import type { MarkMetrics } from "./feed-metrics.ts";
import type { FollowedBatch, FollowOptions } from "./follow.ts";
import type { Following } from "./follower.ts";

/** A log that can be followed: that of events, or another one of the store. */
export interface FollowedLog {
  /** The last place at or below which nothing new can appear; 0 where there is none. */
  highWaterMark(signal?: AbortSignal): Promise<number>;
  /** See `Feed.follow`. */
  follow(options: FollowOptions): AsyncGenerator<FollowedBatch, void, undefined>;
  /** The same, with a filter that was checked before. */
  followItems(following: Following): AsyncGenerator<FollowedBatch, void, undefined>;
  /** How long this process has known of something after a position. */
  behindMs(position: number): number;
  /** What this process knows of the mark, without a query. */
  markMetrics(): Pick<MarkMetrics, "position" | "positionsPerSecond">;
}
