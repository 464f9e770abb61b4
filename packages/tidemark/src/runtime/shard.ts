import type { Anchor } from "../feed/follow.ts";

/** A shard that this worker holds. */
export interface HeldShard {
  /** `consumer_shards.id` */
  readonly id: number;
  readonly consumer: string;
  /** What reads here, as messages name it: the consumer, or the projection that it follows for. */
  readonly owner: string;
  readonly shard: number;
  /** How many shards there are, whatever the definition says: it may be another version's. */
  readonly of: number;
  /** Work ends here while the number of shards changes. */
  readonly barrier: number | undefined;
  readonly fence: number;
  /** Until then, by `performance.now()`, no other worker takes it. */
  readonly validUntil: number;
  /** The checkpoint at the takeover. */
  readonly after: Anchor;
}

/**
 * What is known of a shard's work, for observers.
 *
 * @example
 * ```ts
 * const wrong: readonly ShardState[] = ["failed", "retrying"];
 * ```
 */
export type ShardState = "starting" | "catching-up" | "live" | "retrying" | "paused" | "failed" | "stopped";
