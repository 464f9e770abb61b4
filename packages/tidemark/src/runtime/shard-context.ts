import type { Checkpoint } from "./checkpoint.ts";
import type { WorkerCounts } from "./event-counts.ts";
import type { Follower } from "./follower.ts";
import type { ShardGate } from "./shard-gate.ts";
import type { ShardStatus } from "./shard-status.ts";
import type { WorkerContext, WorkerSettings } from "./worker-context.ts";

/** What a shard asks of its worker. */
export interface ShardHost {
  /** Something that a heartbeat should soon tell or ask. */
  readonly heartbeatSoon: () => void;
  /** Sends a heartbeat, and resolves when it has arrived, or failed. */
  readonly heartbeatNow: () => Promise<void>;
  /** A checkpoint passed filtered-out events only; write it with those of other shards. */
  readonly idled: () => void;
}

/** What the parts of the work on one shard share. */
export interface ShardContext {
  readonly worker: WorkerContext;
  readonly settings: WorkerSettings;
  readonly follower: Follower;
  readonly counts: WorkerCounts;
  readonly checkpoint: Checkpoint;
  readonly status: ShardStatus;
  readonly gate: ShardGate;
  readonly host: ShardHost;
}
