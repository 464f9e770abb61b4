import type { EventQuery } from "../model/event.ts";
import type { ShardState } from "../runtime/shard.ts";

/**
 * How far a shard, consumer or projection is behind the high-water mark.
 *
 * @example
 * ```ts
 * export function isLate(lag: Lag): boolean {
 *   return lag.seconds > 60;
 * }
 * ```
 */
export interface Lag {
  /** The number of positions between checkpoint and high-water mark: an upper bound, because rolled-back positions count too. */
  readonly events: number;
  /** The time since the first event after the checkpoint was recorded; 0 if there is none. */
  readonly seconds: number;
}

/**
 * The state of one shard of a consumer.
 *
 * @example
 * ```ts
 * export function isFailing(shard: ShardInfo): boolean {
 *   return shard.lastError !== undefined;
 * }
 * ```
 */
export interface ShardInfo {
  readonly shard: number;
  /** `"stopped"` if no worker holds it. */
  readonly state: ShardState;
  /** The worker that holds it, or last held it. */
  readonly owner: string | undefined;
  /** The checkpoint: every event up to it was handled or given up, or does not match the filter. */
  readonly position: number;
  readonly eventId: string | undefined;
  readonly lag: Lag;
  /** The last error. Set while the state is `"retrying"` or `"failed"`, and after its worker stopped in one of them. */
  readonly lastError: { readonly code: string | null; readonly message: string } | undefined;
  /** The event that is being retried, or at which the shard stopped. */
  readonly failingEvent: { readonly position: number; readonly id: string; readonly streamId: string } | undefined;
  readonly attempt: number | undefined;
  readonly retryAt: Date | undefined;
  /** A living owner renews this three times a lease, idle or not. */
  readonly heartbeatAt: Date | undefined;
  readonly leaseEnd: Date | undefined;
  readonly fence: number;
}

/**
 * A pause: its start, and the reason and name that were given to `consumers.pause`.
 *
 * @example
 * ```ts
 * export function why(pause: PauseInfo | undefined): string {
 *   return pause ? `paused by ${pause.by ?? "somebody"}: ${pause.reason ?? "no reason given"}` : "running";
 * }
 * ```
 */
export interface PauseInfo {
  readonly at: Date;
  readonly reason: string | undefined;
  readonly by: string | undefined;
}

/**
 * The state of a consumer.
 *
 * @example
 * ```ts
 * const consumers: readonly ConsumerInfo[] = await store.consumers.list();
 * for (const { name, state, lag } of consumers) console.debug(name, state, lag.seconds);
 * ```
 */
export interface ConsumerInfo {
  readonly name: string;
  readonly tenant: string;
  /** The worst state of its shards, in this order: failed, retrying, stopped, paused, starting, catching-up, live. */
  readonly state: ShardState;
  readonly paused: boolean;
  /** The pause, while it is paused. */
  readonly pause: PauseInfo | undefined;
  readonly filter: EventQuery | undefined;
  readonly tenants: "own" | "all";
  /** The largest lag of its shards. */
  readonly lag: Lag;
  readonly shards: readonly ShardInfo[];
  /** Set while the number of shards changes: the new number, once all shards have reached `barrier`. */
  readonly resharding: { readonly to: number; readonly barrier: number } | undefined;
  readonly deadLetters: number;
  readonly createdAt: Date;
}
