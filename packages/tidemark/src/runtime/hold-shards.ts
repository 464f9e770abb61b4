import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { monotonicClock } from "../async/clock.ts";
import type { WorkerCounts } from "./event-counts.ts";
import type { Follower } from "./follower.ts";
import { HeldShards } from "./held-shards.ts";
import { IdleProgress } from "./idle-progress.ts";
import { Leases } from "./leases.ts";
import { ShardRunner } from "./shard-runner.ts";
import type { WorkerContext, WorkerSettings } from "./worker-context.ts";

/** A worker's part of these followers' shards, with runners that work on them. */
export function holdShards(context: WorkerContext, settings: WorkerSettings, followers: readonly Follower[], counts: WorkerCounts): HeldShards<ShardRunner> {
  const { tenant, leaseMs } = settings;
  // Unlike `host-pid`, never the name of a successor, who would pass for the owner.
  const worker = `${hostname().slice(0, 60)}-${process.pid}-${randomUUID()}`;
  const held: HeldShards<ShardRunner> = new HeldShards(settings, followers, {
    clock: monotonicClock,
    leases: new Leases(context.database.side(), context.statements, { tenant, worker, leaseMs }, monotonicClock),
    liveness: context.liveness.join({ changed: () => held.heartbeatSoon(), keepsListening: !settings.background }),
    idle: new IdleProgress(context, tenant, () => held.runners),
    createRunner: (follower, shard, host) => new ShardRunner({ worker: context, settings, follower, counts, host }, shard),
  });
  return held;
}
