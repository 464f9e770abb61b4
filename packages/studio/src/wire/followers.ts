/** Consumers and relays of the tenant. */
export interface FollowersReport {
  readonly at: number;
  readonly mark: number;
  readonly followers: readonly FollowerReport[];
}

export interface FollowerReport {
  readonly kind: "consumer" | "relay";
  readonly name: string;
  readonly state: string;
  readonly pause: { readonly at: number; readonly reason: string | null; readonly by: string | null } | null;
  readonly lagEvents: number;
  readonly lagMs: number;
  readonly deadLetters: number;
  readonly shards: readonly ShardLine[];
}

export interface ShardLine {
  readonly shard: number;
  readonly state: string;
  readonly owner: string | null;
  readonly position: number;
  readonly lagEvents: number;
  readonly lagMs: number;
  readonly error: string | null;
  readonly failing: { readonly position: number; readonly id: string; readonly streamId: string } | null;
  readonly attempt: number | null;
  readonly retryAt: number | null;
}
