import { createHash } from "node:crypto";
import type { RecordedEvent } from "../model/event.ts";
import type { Follower } from "./follower.ts";
import type { HeldShard } from "./shard.ts";

/** Whether an event belongs to a shard. */
export type Belongs = (event: RecordedEvent) => boolean;

/**
 * A number for a key, from 0 to 2^31 - 1; modulo the number of shards it is the key's shard. Kinds store it beside what belongs to a key:
 * another function would have two shards take the same key during a deployment.
 */
export function partitionOf(key: string): number {
  return createHash("sha256").update(key).digest().readUInt32BE() >>> 1;
}

/** Which events a shard handles of those that it reads. Undefined: all, because the feed gives it those of its streams. */
export function belongsTo({ partitionKey }: Pick<Follower, "partitionKey">, { shard, of }: Pick<HeldShard, "shard" | "of">): Belongs | undefined {
  if (!partitionKey || of === 1) return undefined;
  return (event) => {
    const key = partitionKey(event);
    return key === undefined || partitionOf(key) % of === shard;
  };
}
