import type { AppendMetrics } from "../../append/append-counters.ts";
import type { SkippedType } from "../../catalogue/skipped-events.ts";
import type { PoolMetrics } from "../../database/pool-counters.ts";
import type { ListenerMetrics, MarkMetrics } from "../../feed/feed-metrics.ts";
import type { PageMetrics } from "../../read/page-counters.ts";
import type { FollowerMetrics } from "../../runtime/follower-metrics.ts";

/**
 * What one store knows of its own work in this process: plain numbers, ready for JSON. Counts begin when the store is opened. A rate is
 * that of the last minute; a duration, of the last one to two minutes.
 *
 * @example
 * ```ts
 * const { pool, mark, consumers }: StoreMetrics = store.metrics();
 * console.log(pool.waiting, mark.position, Math.max(0, ...consumers.map(({ lag }) => lag.ms)));
 * ```
 */
export interface StoreMetrics {
  /** How long the store has been open. */
  readonly openForMs: number;
  readonly pool: PoolMetrics;
  readonly appends: AppendMetrics;
  /** Events that calls of this store read. */
  readonly reads: PageMetrics;
  /** Events that followers and subscriptions read, filtered on the server. Those that are caught up share what is read. */
  readonly followed: PageMetrics;
  readonly mark: MarkMetrics;
  readonly listener: ListenerMetrics;
  /** What workers of this process run. */
  readonly consumers: readonly FollowerMetrics[];
  /** The same; inline ones, too, which appends write. */
  readonly projections: readonly FollowerMetrics[];
  readonly processes: readonly FollowerMetrics[];
  readonly relays: readonly FollowerMetrics[];
  /** What `unknownEvents: "skip"` has left out: how many types and versions, and how often a reader met one. `skippedTypes` names them. */
  readonly skipped: { readonly types: number; readonly times: number };
}

/** Whom to ask: each room counts what happens in it. */
export interface MetricsSources {
  readonly openedAt: number;
  readonly pool: PoolMetrics;
  readonly appends: AppendMetrics;
  readonly reads: PageMetrics;
  readonly feed: { readonly mark: MarkMetrics; readonly listener: ListenerMetrics; readonly followed: PageMetrics };
  readonly followers: readonly { readonly kind: string; readonly metrics: FollowerMetrics }[];
  readonly skipped: readonly SkippedType[];
}

export function storeMetrics({ openedAt, pool, appends, reads, feed, followers, skipped }: MetricsSources): StoreMetrics {
  const of = (wanted: string): readonly FollowerMetrics[] => followers.filter(({ kind }) => kind === wanted).map(({ metrics }) => metrics);
  return {
    openForMs: performance.now() - openedAt,
    pool,
    appends,
    reads,
    followed: feed.followed,
    mark: feed.mark,
    listener: feed.listener,
    consumers: of("consumer"),
    projections: of("projection"),
    processes: of("process"),
    relays: of("relay"),
    skipped: { types: skipped.length, times: skipped.reduce((sum, { times }) => sum + times, 0) },
  };
}
