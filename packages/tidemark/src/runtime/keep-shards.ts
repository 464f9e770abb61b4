import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { monotonicClock } from "../async/clock.ts";
import type { DefinedConsumer } from "../consumers/define-consumer.ts";
import { IdleProgress } from "./idle-progress.ts";
import { Leases } from "./leases.ts";
import type { WorkerParts, WorkerSettings } from "./parts.ts";
import { ShardKeeper } from "./shard-keeper.ts";
import { ShardRunner } from "./shard-runner.ts";

/** The keeper of a worker's share of these consumers' shards, with runners that work on them. */
export function keepShards(parts: WorkerParts, settings: WorkerSettings, consumers: readonly DefinedConsumer[]): ShardKeeper<ShardRunner> {
  const { tenant, leaseMs } = settings;
  // Unlike `host-pid`, never the name of a successor, who would pass for the owner.
  const worker = `${hostname().slice(0, 60)}-${process.pid}-${randomUUID()}`;
  const keeper: ShardKeeper<ShardRunner> = new ShardKeeper(settings, consumers, {
    clock: monotonicClock,
    leases: new Leases(parts.database.side(), parts.statements, { tenant, worker, leaseMs }, monotonicClock),
    idle: new IdleProgress(parts, tenant, () => keeper.runners),
    createRunner: (consumer, shard, host) => new ShardRunner(parts, settings, consumer, shard, host),
  });
  return keeper;
}
